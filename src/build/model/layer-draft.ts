import type { Digest } from '#oci'
import type { StateLayer } from './state.ts'

/**
 * A layer that is written and not yet part of the store. Disposing it before `commit`
 * removes it.
 */
export interface LayerDraft extends AsyncDisposable {
  /** The digest of what was written. */
  readonly diffId: Digest | undefined
  /** Returns `undefined` for a layer without entries, because it changes nothing. */
  commit(): Promise<StateLayer | undefined>
}
