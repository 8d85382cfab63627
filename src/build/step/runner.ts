import type { RunOp } from '../model/graph.ts'
import type { LayerDraft } from '../model/layer-draft.ts'
import type { FileState, StateLayer } from '../model/state.ts'
import { timesKey } from '../times/times.ts'
import { type CacheKey, createKey } from './key.ts'
import type { StepContext } from './workspace.ts'

/**
 * Runs one kind of operation. The key comes first, then the work. The table in
 * `steps.ts` has a runner for every kind that makes layers.
 */
export interface OpRunner<O> {
  /**
   * The definition key, from the operation and its inputs alone, without reading
   * files. `undefined` when the key depends on files.
   */
  definitionKey(op: O, inputs: readonly FileState[], context: StepContext): CacheKey | undefined
  /** Hashes the files that the step uses. The result has the content key. */
  prepare(op: O, inputs: readonly FileState[], context: StepContext): Promise<Work>
}

/** Work that is ready to run. Disposing it releases what `prepare` opened. */
export interface Work extends AsyncDisposable {
  readonly key: CacheKey
  /** Short hashes of the files used, by path, from which a later miss can be explained. */
  readonly summarize?: (() => Readonly<Record<string, string>>) | undefined
  /** Gives the layer away that was written while the files were hashed, if any was. */
  readonly takeDraft?: () => LayerDraft | undefined
  run(): Promise<Made>
}

/** The result of a step. */
export interface Made {
  /** `undefined` when the step changed nothing. */
  readonly layer: StateLayer | undefined
  /**
   * The key of the content that was read. It differs from the key of the work if a file
   * changed after the key was computed.
   */
  readonly key: CacheKey
}

/** The state that an operation changes. */
export function baseOf(inputs: readonly FileState[]): FileState {
  return inputAt(inputs, 0)
}

/** The input that an operation names. */
export function inputAt(inputs: readonly FileState[], index: number): FileState {
  const input = inputs[index]
  if (input === undefined) throw new RangeError(`The operation has no input ${index}`)
  return input
}

/**
 * The key of an operation that does not depend on files: the operation, its inputs and its
 * times.
 */
export function operationKey(
  op: object,
  inputs: readonly FileState[],
  { facts }: Pick<StepContext, 'facts'>,
): CacheKey {
  const mounted = inputs.slice(1).map(({ chainId }) => chainId ?? 'scratch')
  return createKey({
    operation: JSON.stringify(withoutCacheNames(op)),
    parent: baseOf(inputs).chainId ?? 'scratch',
    ...(mounted.length > 0 && { mounted: mounted.join(' ') }),
    times: timesKey(facts.times),
  })
}

/**
 * Makes cache mounts equal that differ only in their ID or sharing. The content of a cache does not
 * count for the key of a step, so which cache it is does not count either, as in BuildKit.
 */
function withoutCacheNames(op: object): object {
  const { mounts }: Partial<Pick<RunOp, 'mounts'>> = op
  if (mounts === undefined) return op
  const alike = mounts.map((mount) =>
    mount.kind === 'cache' ? { ...mount, id: '', sharing: 'shared' } : mount,
  )
  return { ...op, mounts: alike }
}

/** The runner of an operation that reads no files of its inputs before it runs. */
export function layerRunner<Op extends object>(
  makeLayer: (
    op: Op,
    inputs: readonly FileState[],
    context: StepContext,
  ) => Promise<StateLayer | undefined>,
): OpRunner<Op> {
  return {
    definitionKey: operationKey,
    async prepare(op, inputs, context) {
      const key = operationKey(op, inputs, context)
      return {
        key,
        run: async () => ({ layer: await makeLayer(op, inputs, context), key }),
        async [Symbol.asyncDispose]() {},
      }
    },
  }
}
