// A replica of a registry as a process of its own: for tests that kill it, set its clock wrong, or let
// time pass more quickly. Its argument is the JSON of `ReplicaOptions`. It writes a line with its URL.
import type { AwsCredentials } from '#objects'

export interface ReplicaOptions {
  readonly bucket: {
    readonly bucket: string
    readonly region: string
    readonly endpoint: string
    readonly usesPath: boolean
    readonly credentials: AwsCredentials
  }
  readonly database: string
  readonly redirects?: boolean
  /** Milliseconds that it waits for the bucket and for the database. Default: as usual. */
  readonly timeouts?: { readonly bucket: number; readonly database: number }
  /** Milliseconds by which the clock of this machine is wrong for the replica. */
  readonly clockOffset?: number
  /**
   * The time of the registry: it was `epoch` at the time `since` of this machine, and goes `speed` times
   * as fast. SIGUSR2 adds `leap` milliseconds. Default: the clock of the database.
   */
  readonly time?: {
    readonly epoch: number
    readonly since: number
    readonly speed: number
    readonly leap: number
  }
  /** Milliseconds of the registry's time, and those of this machine between two collections. */
  readonly collect?: { readonly keep: number; readonly interval: number }
  /**
   * The replica kills itself: before the `count`th statement or object request, or after that
   * request. Counted from SIGUSR1 on.
   */
  readonly killAt?: { readonly step: 'query' | 'request' | 'answer'; readonly count: number }
}

if (import.meta.main) {
  const options = JSON.parse(process.argv[2] ?? '{}') as ReplicaOptions
  setClock(options.clockOffset ?? 0)
  // The clock is wrong before anything is loaded that reads it.
  await (await import('./run-replica.ts')).runReplica(options)
}

function setClock(offset: number): void {
  if (offset === 0) return
  const Real = Date
  const now = (): number => Real.now() + offset
  globalThis.Date = class extends Real {
    constructor(...values: readonly unknown[]) {
      super(...((values.length === 0 ? [now()] : values) as [number]))
    }
    static override now = now
  } as DateConstructor
}
