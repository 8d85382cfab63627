import type { FileState, StateLayer } from '../model/state.ts'
import { timesKey } from '../times/times.ts'
import { type CacheKey, createKey } from './key.ts'
import type { StepContext } from './workspace.ts'

/**
 * How one kind of operation is done: first what it is the same work as, then
 * the work. The table in `steps.ts` has one for every kind that makes layers.
 */
export interface OpRunner<O> {
  /**
   * The definition key: known from the operation and its inputs alone, without
   * looking at a file. `undefined` when files must be looked at.
   */
  definitionKey(op: O, inputs: readonly FileState[], context: StepContext): CacheKey | undefined
  /** Looks at the files that will be used; the result knows the content key. */
  prepare(op: O, inputs: readonly FileState[], context: StepContext): Promise<Work>
}

/** Work that is ready to be done. Disposing it gives back what `prepare` took, done or not. */
export interface Work extends AsyncDisposable {
  readonly key: CacheKey
  /** Short hashes of the files used, by path, so that a later miss can be explained. */
  readonly summarize?: () => Readonly<Record<string, string>>
  run(): Promise<Made>
}

/** What a step has made. */
export interface Made {
  /** `undefined` when nothing changes. */
  readonly layer: StateLayer | undefined
  /** What the layer was really made of: the key of the work, unless reading proved that wrong. */
  readonly key: CacheKey
}

/** The state an operation changes. */
export function baseOf(inputs: readonly FileState[]): FileState {
  return inputAt(inputs, 0)
}

/** The input that an operation names. */
export function inputAt(inputs: readonly FileState[], index: number): FileState {
  const input = inputs[index]
  if (input === undefined) throw new RangeError(`The operation has no input ${index}`)
  return input
}

/** The key of an operation that no file decides: itself, its inputs, and the times asked for. */
export function operationKey(
  op: object,
  inputs: readonly FileState[],
  { facts }: Pick<StepContext, 'facts'>,
): CacheKey {
  const mounted = inputs.slice(1).map(({ chainId }) => chainId ?? 'scratch')
  return createKey({
    operation: JSON.stringify(op),
    parent: baseOf(inputs).chainId ?? 'scratch',
    ...(mounted.length > 0 && { mounted: mounted.join(' ') }),
    times: timesKey(facts.times),
  })
}
