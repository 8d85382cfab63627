import { chainIds, type Digest, type Layer } from '#oci'

/** A layer of a state, and the time that its files were clamped to. */
export interface StateLayer extends Layer {
  /**
   * Seconds since 1970. Absent where times are kept: in base images, and with `timestamp:
   * 'now'`.
   */
  readonly epoch?: number | undefined
  /** True when the layer only adds files, so that its list of entries shows the whole result. */
  readonly isAdditive?: boolean | undefined
}

/** A file system as a stack of layers, bottom first. A state exists without being unpacked. */
export interface FileState {
  readonly layers: readonly StateLayer[]
  /** `null` for the empty file system. */
  readonly chainId: Digest | null
}

/** The empty file system. */
export const emptyState: FileState = { layers: [], chainId: null }

export function stateOf(layers: readonly StateLayer[]): FileState {
  return { layers, chainId: chainIds(layers.map((layer) => layer.diffId)).at(-1) ?? null }
}

/** `state` with one more layer on top, or `state` itself without a layer. */
export function addLayer(state: FileState, layer: StateLayer | undefined): FileState {
  return layer === undefined ? state : stateOf([...state.layers, layer])
}

/** True when the operation that turned `before` into `after` made a layer. */
export function hasNewLayer(before: FileState, after: FileState): boolean {
  return after.layers.length > before.layers.length
}
