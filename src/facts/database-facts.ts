import type { RegistryCollection, RegistryFacts, RegistryLedger } from '#registry'

/** The facts of a registry in a database, and what a database adds to them. */
export interface DatabaseFacts extends RegistryFacts, AsyncDisposable {
  readonly ledger: RegistryLedger
  readonly collection: RegistryCollection
}
