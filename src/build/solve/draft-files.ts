import { isDigest } from '#oci'
import { type EarlierLayer, openEarlierLayer } from '../files/earlier-layer.ts'
import type { LayoutEntry } from '../files/layout.ts'
import { fileOf, type PackOptions } from '../files/pack.ts'
import type { FileTree } from '../files/tree.ts'
import { type WriteFilesOptions, writeFiles } from '../files/write-files.ts'
import type { StepContext } from '../workspace.ts'
import { definitionOf } from './explain.ts'
import { draftLayer, type LayerDraft, type LayerFacts } from './store-layer.ts'

/** About what the header and the padding of an entry take. */
const entrySize = 768

/** Below this, looking for an earlier layer costs more than it can save. */
const smallSize = 4_194_304

/**
 * Writes the layer that entries of one tree make; `undefined` without entries.
 * Digests of context files that are not known yet are found on the way, and
 * files that are known come from the layer the step made before, if it is there.
 */
export async function draftFiles(
  tree: FileTree,
  entries: readonly LayoutEntry[],
  options: PackOptions & LayerFacts,
  context: StepContext,
): Promise<LayerDraft | undefined> {
  if (entries.length === 0) return undefined
  const size = entries.reduce((sum, entry) => sum + entrySize + (fileOf(entry)?.size ?? 0), 0)
  const isReusable = tree === context.context && size >= smallSize
  using earlier = isReusable ? openEarlier(context) : undefined
  const write = { ...options, ...contextOptions(tree, context, earlier) }
  const draft = await draftLayer(context, (writer) => writeFiles(tree, entries, write, writer), {
    ...options,
    size,
  })
  if (!isReusable) return draft
  return {
    async commit() {
      const layer = await draft.commit()
      if (layer !== undefined) context.cache.putInputs(keyOf(context), { layer: layer.diffId })
      return layer
    },
    [Symbol.asyncDispose]: () => draft[Symbol.asyncDispose](),
  }
}

function contextOptions(
  tree: FileTree,
  { context, contextDigests: digests, signal, emit, vertex }: StepContext,
  earlier: EarlierLayer | undefined,
): Omit<WriteFilesOptions, keyof PackOptions> {
  const begin = Date.now()
  return {
    isWanted: (node) => tree === context && digests.known(node) === undefined,
    onDigest: (node, digest) => digests.learn(node, digest, begin),
    onProgress: (current) => {
      signal.throwIfAborted()
      emit({ type: 'transfer', id: vertex.digest, action: 'read', current })
    },
    ...(earlier !== undefined && {
      recall: (path, node, target) => {
        const digest = digests.known(node)
        return digest !== undefined && earlier.recall(path, digest, target)
      },
    }),
  }
}

/** The layer the step made before, unless it is gone. */
function openEarlier(context: StepContext): EarlierLayer | undefined {
  const value = context.cache.inputsOf(keyOf(context))
  if (typeof value !== 'object' || value === null || !('layer' in value)) return undefined
  const { layer } = value
  if (typeof layer !== 'string' || !isDigest(layer)) return undefined
  try {
    return openEarlierLayer(context.store.pathOf(layer))
  } catch {
    return undefined
  }
}

function keyOf(context: StepContext): string {
  return `${definitionOf(context)} layer`
}
