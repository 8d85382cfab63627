import type { FoundResult } from '../cache/pending-layers.ts'
import { checkVersion, lockedDigest } from '../lock/lock.ts'
import type { Op } from '../model/graph.ts'
import type { FileState } from '../model/state.ts'
import { addRunner } from '../ops/add.ts'
import { copyRunner } from '../ops/copy-files.ts'
import { runRunner } from '../ops/run-command.ts'
import { workdirRunner } from '../ops/workdir.ts'
import type { CacheKey } from '../step/key.ts'
import type { OpRunner, Work } from '../step/runner.ts'
import { type CachedResult, cachedDownloads, findStep, rememberResult } from '../step/step-cache.ts'
import { ignoresCache, type StepContext } from '../step/workspace.ts'

/** The operations that make layers. */
export type LayerOp = Exclude<Op, { kind: 'scratch' | 'image' }>

const runners: { readonly [Kind in LayerOp['kind']]: OpRunner<Extract<LayerOp, { kind: Kind }>> } =
  {
    add: addRunner,
    copy: copyRunner,
    run: runRunner,
    workdir: workdirRunner,
  }

/** The result of a step in the cache, or the work that makes it. */
export type LookUp =
  | {
      readonly cached: CachedResult
      /** The key that found it. */
      readonly key: CacheKey
      /** All known keys of the step, in hex: of its definition, then of its content. */
      readonly keys: readonly string[]
      /** Those of the keys whose parts are known. */
      readonly known: readonly CacheKey[]
    }
  | {
      readonly work: Work
      /** The key of the operation and its inputs, under which the result is recorded too. */
      readonly definition: CacheKey | undefined
    }

/** The key of a step that does not depend on files. */
export function definitionKey(
  op: LayerOp,
  inputs: readonly FileState[],
  context: StepContext,
): CacheKey | undefined {
  return runnerOf(op).definitionKey(op, inputs, context)
}

/** Looks a step up by its definition, and then by the content of its files. `stack` closes the work. */
export async function lookUp(
  op: LayerOp,
  inputs: readonly FileState[],
  { context, stack }: { readonly context: StepContext; readonly stack: AsyncDisposableStack },
): Promise<LookUp> {
  const { services, signal, explainer } = context
  const isUncached = ignoresCache(context)
  const definition = definitionKey(op, inputs, context)
  if (definition !== undefined && !isUncached) {
    const found = await findStep(services, definition, signal)
    if (found !== undefined && hasDownloads(op, definition, context)) {
      const { layer: cached, contentKey } = found
      const keys = [definition.hash, ...(contentKey === undefined ? [] : [contentKey])]
      return { cached, key: definition, keys, known: [definition] }
    }
  }
  if (definition !== undefined) {
    // Before the work, whose preparation may fetch the layers of a stage.
    const foreign = await findForeign(op, inputs, context)
    if (foreign !== undefined) {
      const known = [definition]
      return { cached: foreign.layer, key: definition, keys: [definition.hash], known }
    }
  }
  const work = stack.use(await runnerOf(op).prepare(op, inputs, context))
  const { key } = work
  if (key.hash !== definition?.hash && !isUncached) {
    const found = await findStep(services, key, signal)
    if (found !== undefined) {
      const cached = found.layer
      if (cached !== null) await services.pending.offer(cached, work.takeDraft)
      if (definition === undefined) return { cached, key, keys: [key.hash], known: [key] }
      rememberResult(services, definition, cached ?? undefined, { content: key })
      explainer.alias(definition.hash, key.hash)
      return { cached, key, keys: [definition.hash, key.hash], known: [definition, key] }
    }
  }
  if (definition === undefined) {
    const foreign = await findForeign(op, inputs, context)
    if (foreign !== undefined) {
      return { cached: foreign.layer, key, keys: [key.hash], known: [key] }
    }
  }
  return { work, definition }
}

/** A result of BuildKit. It has no record of what a command downloaded. */
async function findForeign(
  op: LayerOp,
  inputs: readonly FileState[],
  context: StepContext,
): Promise<FoundResult | undefined> {
  const { foreign, vertex, signal } = context
  if (ignoresCache(context) || (op.kind === 'run' && op.network === 'proxy')) return undefined
  return await foreign?.find(vertex, inputs, signal)
}

/** The table has a runner of the right type for every kind. */
function runnerOf(op: LayerOp): OpRunner<LayerOp> {
  return runners[op.kind] as OpRunner<LayerOp>
}

/**
 * Reports the downloads of a cached command that had a proxy. False when they were not recorded, as
 * in a cache of another machine. Throws `DENIED` when they are not what the lock has.
 */
function hasDownloads(op: LayerOp, key: CacheKey, context: StepContext): boolean {
  if (op.kind !== 'run' || op.network !== 'proxy') return true
  const { services, facts, vertex, materials } = context
  const downloads = cachedDownloads(services, key)
  if (downloads === undefined) return false
  for (const { url, digest } of downloads) {
    checkVersion(url, lockedDigest(facts.lock, 'download', url), digest)
  }
  materials.set(vertex.digest, downloads)
  return true
}
