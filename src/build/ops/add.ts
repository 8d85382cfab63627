import { type Bytes, fromBuffer } from '#stream'
import { readTar, type TarInput, writeTar } from '#tar'
import { decompressArchive, isArchive, unpackEntries } from '../files/archive.ts'
import { type CopyItem, collectSources, type Selection } from '../files/collect.ts'
import { hashSelections } from '../files/content-hash.ts'
import { createFileDigests } from '../files/digests.ts'
import type { FileNode } from '../files/node.ts'
import { packEntries } from '../files/pack.ts'
import { type FileTree, openTree } from '../files/tree.ts'
import type { AddOp } from '../graph.ts'
import { draftFiles } from '../solve/draft-files.ts'
import { hashContextFiles } from '../solve/files-hash.ts'
import { createKey } from '../solve/key.ts'
import type { FileState, StateLayer } from '../solve/state.ts'
import { storeLayer } from '../solve/store-layer.ts'
import { stepEpoch } from '../times/times.ts'
import type { StepContext } from '../workspace.ts'
import { operationParts, packOptions, placeInBase, reportReading } from './copy.ts'
import { download } from './download.ts'
import type { OpRunner } from './runner.ts'

/** ADD: as COPY from the context, and also downloads and archives, which are unpacked. */
export const addRunner: OpRunner<AddOp> = {
  definitionKey: () => undefined,

  async prepare(op, inputs, context) {
    await using stack = new AsyncDisposableStack()
    const sources = await openSources(op, context, stack)
    const hashes = await Promise.all(
      sources.map(({ tree, selections }) =>
        tree === context.context
          ? hashContextFiles(selections, context)
          : hashSelections(tree, selections, createFileDigests(tree), context.signal),
      ),
    )
    const content = hashes.map(({ hash }) => hash).join(' ')
    const key = createKey({ ...operationParts(op, inputs, context), files: content })
    const taken = stack.move()
    return {
      key,
      summarize: () => Object.assign({}, ...hashes.map((each) => each.summarize())),
      run: () => addToLayer(sources, op, inputs, context),
      [Symbol.asyncDispose]: () => taken.disposeAsync(),
    }
  },
}

/** Files of one tree: the context's, or what was downloaded. */
interface Source {
  readonly tree: FileTree
  readonly selections: readonly Selection[]
  /** Archives among them are unpacked. */
  readonly unpack: boolean
}

async function openSources(
  op: AddOp,
  context: StepContext,
  stack: AsyncDisposableStack,
): Promise<Source[]> {
  const local: Source = {
    tree: context.context,
    selections: context.sources.get(context.vertex.digest) ?? [],
    unpack: op.unpack !== 'never',
  }
  if (op.urls.length === 0) return [local]
  const directory = await download(op, context)
  const tree = stack.use(openTree(directory.path, { name: 'the download', hasOwners: false }))
  const paths = directory.names.map((path) => ({ kind: 'path', path }) as const)
  const selections = collectSources(tree, paths, { exclude: [], parents: false })
  return [local, { tree, selections, unpack: op.unpack === 'always' }]
}

async function addToLayer(
  sources: readonly Source[],
  op: AddOp,
  inputs: readonly FileState[],
  context: StepContext,
): Promise<StateLayer | undefined> {
  const { plain, archives, trees } = await separate(sources)
  const into = { ...op, intoDirectory: op.intoDirectory || archives.length > 0 }
  const { entries, place, owner } = await placeInBase(plain, into, inputs, context)
  const epoch = stepEpoch(context.times, context.vertex)
  const treeOf = (node: FileNode): FileTree => trees.get(node) ?? context.context
  const local = packOptions(op, owner, { epoch, isContext: op.urls.length === 0, context })
  if (archives.length === 0 && sources.length === 1) {
    const options = { ...local, epoch, isAdditive: !op.link }
    await using draft = await draftFiles(context.context, entries, options, context)
    return await draft?.commit()
  }
  const unpacked = packOptions(op, owner, { epoch, isContext: false, context })

  async function* all(): AsyncGenerator<TarInput> {
    yield* packEntries(treeOf, entries, local)
    for (const archive of archives) {
      const plain = decompressArchive(bytesOf(treeOf(archive), archive))
      yield* unpackEntries(readTar(plain), place, unpacked)
    }
  }
  if (entries.length === 0 && archives.length === 0) return undefined
  const isAdditive = archives.length === 0 && !op.link
  const onProgress = reportReading(context)
  return storeLayer(context, writeTar(all()), { epoch, isAdditive, onProgress })
}

interface Separated {
  readonly plain: readonly Selection[]
  readonly archives: readonly FileNode[]
  readonly trees: ReadonlyMap<FileNode, FileTree>
}

/** Only a source that is itself an archive is unpacked, never one found in a directory. */
async function separate(sources: readonly Source[]): Promise<Separated> {
  const plain: Selection[] = []
  const archives: FileNode[] = []
  const trees = new Map<FileNode, FileTree>()
  for (const { tree, selections, unpack } of sources) {
    for (const selection of selections) {
      for (const { content } of selection.items) if ('path' in content) trees.set(content, tree)
      const archive = unpack ? await archiveOf(tree, selection) : undefined
      if (archive === undefined) plain.push(selection)
      else archives.push(archive)
    }
  }
  return { plain, archives, trees }
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
