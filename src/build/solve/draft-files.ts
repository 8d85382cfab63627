import { type Digest, isDigest } from '#oci'
import { type EarlierLayer, openEarlierLayer, shortenDigests } from '../files/earlier-layer.ts'
import type { LayoutEntry } from '../files/layout.ts'
import { fileOf, type PackOptions } from '../files/pack.ts'
import type { FileTree } from '../files/tree.ts'
import { writeFiles } from '../files/write-files.ts'
import type { StepContext } from '../workspace.ts'
import { definitionOf } from './explain.ts'
import { draftLayer, type LayerDraft, type LayerFacts } from './store-layer.ts'

/** About what the header and the padding of an entry take. */
const entrySize = 768

/** Below this, looking for an earlier layer costs more than it can save. */
const smallSize = 4_194_304

/**
 * Writes the layer that entries of one tree make; `undefined` without entries.
 * Digests of context files that are not known yet are found on the way; the
 * contents of the others come from the layer the step made before, if it is
 * there. One that turns out to be damaged is not used.
 */
export async function draftFiles(
  tree: FileTree,
  entries: readonly LayoutEntry[],
  options: PackOptions & LayerFacts,
  context: StepContext,
): Promise<LayerDraft | undefined> {
  if (entries.length === 0) return undefined
  const size = entries.reduce((sum, entry) => sum + entrySize + (fileOf(entry)?.size ?? 0), 0)
  const isRemembered = tree === context.context && size >= smallSize
  using earlier = isRemembered ? openEarlier(context) : undefined
  const task = { tree, entries, options: { ...options, size }, context }
  const draft = (await tryDraft(task, earlier)) ?? (await tryDraft(task, undefined))
  if (draft === undefined || !isRemembered) return draft
  return {
    async commit() {
      const layer = await draft.commit()
      if (layer !== undefined) remember(layer.diffId, entries, context)
      return layer
    },
    [Symbol.asyncDispose]: () => draft[Symbol.asyncDispose](),
  }
}

interface Task {
  readonly tree: FileTree
  readonly entries: readonly LayoutEntry[]
  readonly options: PackOptions & LayerFacts & { readonly size: number }
  readonly context: StepContext
}

/** `undefined` when something of the earlier layer was not what it should be. */
async function tryDraft(
  { tree, entries, options, context }: Task,
  earlier: EarlierLayer | undefined,
): Promise<LayerDraft | undefined> {
  const { contextDigests: digests, signal, emit, vertex } = context
  const begin = Date.now()
  let isDamaged = false
  const write: Parameters<typeof writeFiles>[2] = {
    ...options,
    isWanted: (node) => tree === context.context && digests.known(node) === undefined,
    onDigest(node, digest) {
      const known = digests.known(node)
      if (known === undefined) digests.learn(node, digest, begin)
      else if (known !== digest) isDamaged = true
    },
    recall(path, node, target) {
      const digest = digests.known(node)
      return digest !== undefined && earlier?.recall(path, digest, target) === true
    },
    onProgress(current) {
      signal.throwIfAborted()
      emit({ type: 'transfer', id: vertex.digest, action: 'read', current })
    },
  }
  const draft = await draftLayer(
    context,
    (writer) => writeFiles(tree, entries, write, writer),
    options,
  )
  if (!isDamaged) return draft
  await draft[Symbol.asyncDispose]()
  return undefined
}

function remember(layer: Digest, entries: readonly LayoutEntry[], context: StepContext): void {
  const files = entries.filter(({ content }) => typeof content === 'object' && isFile(content))
  const digests = files.map((entry) => {
    const node = fileOf(entry)
    return node && context.contextDigests.known(node)
  })
  context.cache.putInputs(keyOf(context), { layer, digests: shortenDigests(digests) })
}

function isFile(content: Exclude<LayoutEntry['content'], string>): boolean {
  return 'inline' in content || content.type === 'file'
}

/** The layer the step made before, unless it is gone. */
function openEarlier(context: StepContext): EarlierLayer | undefined {
  const value = context.cache.inputsOf(keyOf(context))
  if (typeof value !== 'object' || value === null) return undefined
  if (!('layer' in value && 'digests' in value)) return undefined
  const { layer, digests } = value
  if (typeof layer !== 'string' || !isDigest(layer) || typeof digests !== 'string') return undefined
  try {
    return openEarlierLayer(context.store.pathOf(layer), digests)
  } catch {
    return undefined
  }
}

function keyOf(context: StepContext): string {
  return `${definitionOf(context)} layer`
}
