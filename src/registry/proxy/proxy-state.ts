import type { Descriptor } from '#oci'
import type { FoundManifest } from '../registry.ts'
import type { Fetch } from './fetch-blob.ts'
import { Recent } from './recent.ts'
import { SingleFlight } from './single-flight.ts'

/** Entries that are kept in memory about each kind of thing. */
const capacity = 50_000

/** What the repositories of a cache share. */
export interface ProxyState {
  /** What the upstream said that tags mean, by `REPOSITORY:TAG`. */
  readonly checked: Recent<Descriptor>
  /** Tags whose manifests the cache does not have yet, by `REPOSITORY@DIGEST`. */
  readonly awaited: Recent<string>
  /** Upstreams that could not be asked a moment ago, by prefix. */
  readonly down: Recent<unknown>
  /** What the upstream did not have, by `REPOSITORY:REFERENCE`. */
  readonly absent: Recent<true>
  /** Sizes of blobs that manifests have named, by `REPOSITORY@DIGEST`. */
  readonly sizes: Recent<number>
  readonly resolving: SingleFlight<Descriptor>
  readonly manifests: SingleFlight<FoundManifest>
  /** Transfers in progress, by `REPOSITORY@DIGEST`. */
  readonly blobs: Map<string, Fetch>
}

/** Makes the state of a cache that has asked for nothing. `now` returns milliseconds. */
export function createProxyState(now: () => number): ProxyState {
  return {
    checked: new Recent(capacity, now),
    awaited: new Recent(capacity, now),
    down: new Recent(capacity, now),
    absent: new Recent(capacity, now),
    sizes: new Recent(capacity, now),
    resolving: new SingleFlight(),
    manifests: new SingleFlight(),
    blobs: new Map(),
  }
}
