import type { Digest } from '#oci'
import { TarLister } from '#tar'
import type { BuildContext } from '../files/build-context.ts'
import { cachePath } from '../files/cache-file.ts'
import type { FileTree } from '../files/tree.ts'
import type { LayerDraft } from '../model/layer-draft.ts'
import { definitionOf, type StepContext } from '../step/workspace.ts'
import {
  type EarlierLayer,
  EarlierLayerError,
  openEarlierLayer,
  writeEarlierLayer,
} from './earlier-layer.ts'
import { fileOf, type PackOptions } from './pack.ts'
import type { LayoutEntry } from './placement.ts'
import { draftLayer, type LayerFacts } from './store-layer.ts'
import { writeFiles } from './write-files.ts'

/** The approximate size of the header and padding of an entry. */
const entrySize = 768

/** For fewer bytes, reading the files is faster than finding an earlier layer. */
const smallSize = 4_194_304

/** The files of one tree. Digests of context files are kept between builds. */
export type CopiedFiles = BuildContext | { readonly tree: FileTree; readonly digests?: undefined }

/**
 * Writes the layer with the entries of one tree. Returns `undefined` without
 * entries. Files with a known digest are copied from the earlier layer of the step,
 * if it exists and is not damaged. Other context files are hashed while they are
 * read.
 */
export async function draftFiles(
  files: CopiedFiles,
  entries: readonly LayoutEntry[],
  options: PackOptions & LayerFacts,
  context: StepContext,
): Promise<LayerDraft | undefined> {
  if (entries.length === 0) return undefined
  const size = entries.reduce((sum, entry) => sum + entrySize + (fileOf(entry)?.size ?? 0), 0)
  const task = { files, entries, options: { ...options, size }, context }
  if (files.digests === undefined || size < smallSize) return (await draft(task)).draft
  const { draft: made, sums } = await draftAgain(task)
  return {
    diffId: made.diffId,
    async commit() {
      const layer = await made.commit()
      if (layer !== undefined) remember(layer.diffId, sums, task)
      return layer
    },
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  }
}

interface Task {
  readonly files: CopiedFiles
  readonly entries: readonly LayoutEntry[]
  readonly options: PackOptions & LayerFacts & { readonly size: number }
  readonly context: StepContext
}

interface Drafted {
  readonly draft: LayerDraft
  readonly sums: Uint32Array
}

/** Writes again without the earlier layer when that layer is damaged. */
async function draftAgain(task: Task): Promise<Drafted> {
  const { context } = task
  using earlier = openEarlierLayer(recordPath(context), (digest) =>
    context.services.store.pathOf(digest),
  )
  try {
    return await draft(task, earlier)
  } catch (error) {
    if (!(error instanceof EarlierLayerError)) throw error
    return await draft(task)
  }
}

async function draft(
  { files, entries, options, context }: Task,
  earlier?: EarlierLayer,
): Promise<Drafted> {
  const { signal, emit, vertex } = context
  const { tree, digests } = files
  const begin = Date.now()
  const lister = new TarLister()
  const write: Parameters<typeof writeFiles>[2] = {
    ...options,
    known: (node) => digests?.known(node),
    // Known files too, because the bytes that were read decide the cache key of the layer.
    isWanted: () => digests !== undefined,
    onDigest: (node, digest) => digests?.learn(node, digest, begin),
    earlier,
    lister,
    onProgress(current) {
      signal.throwIfAborted()
      emit({ type: 'transfer', id: vertex.digest, action: 'read', current })
    },
  }
  let sums: Uint32Array = new Uint32Array(0)
  const drafted = await draftLayer(
    context,
    async (writer) => {
      const written = await writeFiles(tree, entries, write, writer)
      sums = written.sums
      return written
    },
    { ...options, lister },
  )
  return { draft: drafted, sums }
}

function remember(layer: Digest, sums: Uint32Array, { files, entries, context }: Task): void {
  const written = entries.filter(
    ({ content, hardlink }) =>
      hardlink === undefined && typeof content === 'object' && isFile(content),
  )
  const digests = written.map((entry) => {
    const node = fileOf(entry)
    return node && files.digests?.known(node)
  })
  writeEarlierLayer(recordPath(context), { digest: layer, sums, digests })
  // Frees memory for the next steps.
  files.digests?.save()
}

function isFile(content: Exclude<LayoutEntry['content'], string>): boolean {
  return 'inline' in content || content.type === 'file'
}

function recordPath(context: StepContext): string {
  return cachePath(context.places.cacheFiles, 'layer', definitionOf(context))
}
