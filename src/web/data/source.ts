import type { Registry, RegistryLedger } from '#registry'
import type { LayerIndex } from '../files/layer-index.ts'

/** What the pages are made from. */
export interface Source {
  readonly registry: Registry
  readonly ledger: RegistryLedger
  /** Returns true when the sender may see a repository. */
  readonly sees: (repository: string) => boolean | Promise<boolean>
  readonly layers: LayerIndex
  readonly signal: AbortSignal
}
