import { type Bytes, fromBuffer } from '#stream'
import { readTar, type TarInput, writeTar } from '#tar'
import { decompressArchive, isArchive } from '../files/archive.ts'
import { type BuildContext, contextNamed } from '../files/build-context.ts'
import { type LearnedTree, openLearning, readLearning } from '../files/learned-file.ts'
import type { FileNode } from '../files/node.ts'
import type { CopyItem, Selection } from '../files/select-sources.ts'
import { type FileTree, type LookupTree, openTree } from '../files/tree.ts'
import { unpackEntries } from '../layers/archive-entries.ts'
import { draftFiles } from '../layers/draft-files.ts'
import { emptyTree } from '../layers/empty-tree.ts'
import { hashContextFiles } from '../layers/files-hash.ts'
import { type EntryFiles, packEntries } from '../layers/pack.ts'
import { storeLayer } from '../layers/store-layer.ts'
import { UnpackPlaces } from '../layers/unpack-places.ts'
import { type AddOp, mainContext } from '../model/graph.ts'
import type { FileState, StateLayer } from '../model/state.ts'
import { type CacheKey, createKey } from '../step/key.ts'
import { baseOf, type OpRunner } from '../step/runner.ts'
import type { StepContext } from '../step/workspace.ts'
import { stepEpoch } from '../times/times.ts'
import { operationParts, packOptions, placeInBase, reportReading } from './copy-files.ts'
import { findCommit, findDownload, type OpenFiles, type RemoteFiles } from './remote-files.ts'

/** ADD: copies files of the context, downloads URLs and repositories, and unpacks archives. */
export const addRunner: OpRunner<AddOp> = {
  definitionKey: () => undefined,

  async prepare(op, inputs, context) {
    await using stack = new AsyncDisposableStack()
    const local = openContext(op, context)
    const files = await hashContextFiles(mainOf(context), local.selections, { context })
    const remote: RemoteFiles[] = []
    for (const url of op.urls) remote.push(await findDownload(url, op, { context, stack }))
    for (const source of op.repositories ?? []) {
      remote.push(await findCommit(source, op, context))
    }
    const { digest } = context.vertex
    context.materials.set(
      digest,
      remote.map(({ material }) => material),
    )
    const keyOf = (hashes: readonly string[]): CacheKey =>
      createKey({ ...operationParts(op, inputs, context), files: hashes.join(' ') })
    const taken = stack.move()
    return {
      key: keyOf([files.hash, ...remote.map(({ hash }) => hash)]),
      summarize: () =>
        Object.assign({}, files.summarize(), ...remote.map(({ summary }) => summary)),
      async run() {
        const opened: OpenFiles[] = []
        for (const each of remote) opened.push(await each.open(taken))
        context.materials.set(
          digest,
          opened.map(({ material }) => material),
        )
        const unpack = op.unpack === 'always'
        const sources = [local, ...opened.map((each) => ({ ...each, unpack }))] as const
        const layer = await addToLayer(sources, op, inputs, context)
        const hashes = opened.map(({ hash }) => hash)
        return { layer, key: keyOf([await files.proved(), ...hashes]) }
      },
      [Symbol.asyncDispose]: () => taken.disposeAsync(),
    }
  },
}

/** Files of one tree: of the context, of a download, or of a repository. */
interface Source extends LearnedTree {
  readonly selections: readonly Selection[]
  /** True when archives among the files are unpacked. */
  readonly unpack: boolean
}

/** The trees of the sources. The first is the build context. */
type Sources = readonly [Source, ...Source[]]

function mainOf({ contexts }: StepContext): BuildContext {
  return contextNamed(contexts, mainContext)
}

function openContext(op: AddOp, context: StepContext): Source {
  const { tree, digests } = mainOf(context)
  const selections = context.facts.sources.get(context.vertex.digest) ?? []
  return { tree, digests, selections, unpack: op.unpack !== 'never' }
}

async function addToLayer(
  sources: Sources,
  op: AddOp,
  inputs: readonly FileState[],
  context: StepContext,
): Promise<StateLayer | undefined> {
  const { plain, archives, origins } = await separate(sources)
  const into = { ...op, makesDestination: archives.length > 0 }
  const { entries, place, owner } = await placeInBase(plain, into, inputs, context)
  const epoch = stepEpoch(context.facts.times, context.vertex)
  const written = packOptions(op, owner, { epoch, isContext: sources.length === 1, context })
  // `--chmod` is for files that are copied, not for the directory of an unpacked archive.
  const local = plain.length > 0 ? written : { ...written, madeMode: undefined }
  if (archives.length === 0 && sources.length === 1) {
    const options = { ...local, epoch, isAdditive: !op.link }
    await using draft = await draftFiles(mainOf(context), entries, options, context)
    return await draft?.commit()
  }
  const unpacked = packOptions(op, owner, { epoch, isContext: false, context })
  await using stack = new AsyncDisposableStack()
  const isAbove = archives.length > 0 && !op.link
  const below = isAbove ? await openBase(inputs, context, stack) : emptyTree
  const places = new UnpackPlaces(below, place, entries)

  async function* all(): AsyncGenerator<TarInput> {
    yield* packEntries(filesOf(origins), entries, local)
    for (const archive of archives) {
      await using file = openLearning(originOf(origins, archive), archive)
      yield* unpackEntries(readTar(decompressArchive(file.bytes)), places, unpacked)
      await file.finish()
    }
  }
  if (entries.length === 0 && archives.length === 0) return undefined
  const isAdditive = archives.length === 0 && !op.link
  const onProgress = reportReading(context)
  return await storeLayer(context, writeTar(all()), { epoch, isAdditive, onProgress })
}

/** The file system of the stage, for resolving links and directories of the destination. */
async function openBase(
  inputs: readonly FileState[],
  { services }: StepContext,
  stack: AsyncDisposableStack,
): Promise<LookupTree> {
  const view = await services.filesystems.view(baseOf(inputs))
  if (view === undefined) return emptyTree
  stack.use(view)
  return stack.use(openTree(view.root, { name: 'the image', hasOwners: true }))
}

interface Separated {
  readonly plain: readonly Selection[]
  readonly archives: readonly FileNode[]
  /** Returns the source of a file. */
  readonly origins: ReadonlyMap<FileNode, LearnedTree>
}

function originOf(origins: Separated['origins'], node: FileNode): LearnedTree {
  const origin = origins.get(node)
  if (origin === undefined) throw new RangeError(`${node.path} is of no source`)
  return origin
}

function filesOf(origins: Separated['origins']): EntryFiles {
  return {
    treeOf: (node) => originOf(origins, node).tree,
    read: (node) => readLearning(originOf(origins, node), node),
  }
}

/** Only a source that is an archive itself is unpacked, never an archive in a directory. */
async function separate(sources: readonly Source[]): Promise<Separated> {
  const plain: Selection[] = []
  const archives: FileNode[] = []
  const origins = new Map<FileNode, LearnedTree>()
  for (const { selections, unpack, ...origin } of sources) {
    for (const selection of selections) {
      for (const { content } of selection.items) if ('path' in content) origins.set(content, origin)
      const archive = unpack ? await archiveOf(origin.tree, selection) : undefined
      if (archive === undefined) plain.push(selection)
      else archives.push(archive)
    }
  }
  return { plain, archives, origins }
}

async function archiveOf(tree: FileTree, selection: Selection): Promise<FileNode | undefined> {
  const [item] = selection.items
  const node = selection.isDirectory ? undefined : fileOf(item)
  if (node === undefined) return undefined
  return (await isArchive(node, () => bytesOf(tree, node))) ? node : undefined
}

function fileOf(item: CopyItem | undefined): FileNode | undefined {
  if (item === undefined || 'inline' in item.content) return undefined
  return item.content.type === 'file' ? item.content : undefined
}

function bytesOf(tree: FileTree, node: FileNode): Bytes {
  const contents = tree.read(node)
  return contents instanceof Uint8Array ? fromBuffer(contents) : contents
}
