import { chainIds, type Digest, type Layer } from '#oci'

/** A layer of a state, and the time its files were clamped to. */
export interface StateLayer extends Layer {
  /** Seconds since 1970; absent when no time was touched: base images, and `timestamp: 'now'`. */
  readonly epoch?: number
  /** It only adds to what lies below, so its list of entries says where everything is. */
  readonly isAdditive?: boolean
}

/** A filesystem as a stack of layers, bottom first. Nothing needs to be unpacked for one to exist. */
export interface FileState {
  readonly layers: readonly StateLayer[]
  /** `null` for the empty filesystem. */
  readonly chainId: Digest | null
}

/** The empty filesystem. */
export const emptyState: FileState = { layers: [], chainId: null }

export function stateOf(layers: readonly StateLayer[]): FileState {
  return { layers, chainId: chainIds(layers.map((layer) => layer.diffId)).at(-1) ?? null }
}

/** `state` with one more layer on top; without a layer it is the same state. */
export function addLayer(state: FileState, layer: StateLayer | undefined): FileState {
  return layer === undefined ? state : stateOf([...state.layers, layer])
}

/** True when the operation that turned `before` into `after` made a layer. */
export function hasNewLayer(before: FileState, after: FileState): boolean {
  return after.layers.length > before.layers.length
}
