import type { StrakeError } from '#oci'
import { type Database, isDatabaseDamaged } from '#platform'
import { createDamage } from './damage.ts'
import { openOrQuarantine } from './quarantine.ts'
import { createReserve } from './reserve.ts'
import { type Addresses, createAddresses } from './tables/addresses.ts'
import { type Cache, createCache } from './tables/cache.ts'
import { type Containers, createContainers } from './tables/containers.ts'
import { createDropped, type Dropped } from './tables/dropped.ts'
import { createEvents, type Events } from './tables/events.ts'
import { createImages, type Images } from './tables/images.ts'
import { createIndexes, type Indexes } from './tables/indexes.ts'
import { createLayers, type Layers } from './tables/layers.ts'
import { createLeases, type Leases } from './tables/leases.ts'
import { createLoss, type Loss } from './tables/loss.ts'
import { createNetworkRecords, type NetworkRecords } from './tables/networks.ts'
import { createSources, type Sources } from './tables/sources.ts'
import { createTags, type Tags } from './tables/tags.ts'
import { createVolumes, type Volumes } from './tables/volumes.ts'

/**
 * The facts of a store, in one SQLite file that any number of processes use at the same time. A
 * fact is written after the content that it names is durable, and is durable itself when the call
 * returns. It is removed before that content.
 *
 * Locks, in the order in which they may be taken:
 *
 * 1. locks of one thing: a container's directory, an ingest, a network;
 * 2. the database's write lock (`transaction`, and every call that writes).
 *
 * The second one is always the last: taking another lock inside it throws. Transactions are
 * synchronous, so they cannot wait for a network, a child process or another lock.
 */
export interface Records extends AsyncDisposable {
  readonly path: string
  /** The file system is read-only: every write throws. */
  readonly isReadOnly: boolean
  readonly tags: Tags
  readonly images: Images
  readonly indexes: Indexes
  readonly layers: Layers
  readonly dropped: Dropped
  readonly leases: Leases
  readonly cache: Cache
  readonly containers: Containers
  readonly addresses: Addresses
  readonly sources: Sources
  readonly volumes: Volumes
  readonly networks: NetworkRecords
  readonly events: Events
  readonly loss: Loss
  /** Where the unreadable database was moved, if that happened when the records were opened. */
  readonly quarantined: string | undefined
  /** Damaged records that lists have left out since the records were opened. */
  readonly damaged: readonly StrakeError[]
  /** Deletes these records and returns their number. */
  removeDamaged(): number
  /**
   * Runs `work` as one transaction: it applies completely or not at all, and no other process
   * writes in between. `work` must not await.
   */
  transaction<T>(work: () => T): T
  /**
   * Like `transaction`, but without blocking the thread while another process writes. A server must
   * use only this, because blocking would delay its other users.
   */
  write<T>(work: () => T, signal?: AbortSignal): Promise<T>
  /**
   * Reserves a little disk space, if there is plenty. On a full disk, that space lets one more
   * command list and remove records.
   */
  keepRoom(): void
  /**
   * Declares that this process adds to the store, so that it may not use the reserve. Throws
   * `UNAVAILABLE` on a full disk.
   */
  guardRoom(): void
  /** Checks the whole file. Returns the messages of SQLite; empty when the file is sound. */
  verify(): string[]
  close(): void
}

export interface RecordsOptions {
  /** Returns milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number
  /**
   * Called when the database must be created: whether the store has content that it should contain.
   */
  readonly holdsContent?: () => boolean
  /**
   * Called on a full disk whose reserve is spent: removes caches, and returns whether it found any.
   */
  readonly freeCaches?: () => boolean
}

/**
 * Opens or creates the records at `path`, whose directory exists. A file that is not a whole
 * database is moved to `<path>.bad-<time>` and replaced by an empty one; then `quarantined` is set,
 * and also `loss` when the store has content. Throws `UNSUPPORTED` when a newer strake wrote the
 * file, and `INVALID` when it is another program's database.
 */
export function openRecords(path: string, options: RecordsOptions = {}): Records {
  const { now = Date.now, holdsContent, freeCaches } = options
  const reserve = createReserve(`${path.slice(0, path.lastIndexOf('/'))}/reserve`)
  const opening = { now, holdsContent, reserve, freeCaches }
  const { database, quarantined } = openOrQuarantine(path, opening)
  const damage = createDamage(database)
  const context = { database, now, reportIn: damage.reportIn }
  const cache = createCache(context)
  const close = (): void => {
    cache.flush()
    database.close()
    reserve.restore()
  }
  return {
    path,
    isReadOnly: database.isReadOnly,
    tags: createTags(context),
    images: createImages(context),
    indexes: createIndexes(context),
    layers: createLayers(context),
    dropped: createDropped(context),
    leases: createLeases(context),
    cache,
    containers: createContainers(context),
    addresses: createAddresses(context),
    sources: createSources(context),
    volumes: createVolumes(context),
    networks: createNetworkRecords(context),
    events: createEvents(context),
    loss: createLoss(context),
    quarantined,
    get damaged() {
      return damage.errors()
    },
    removeDamaged: damage.remove,
    transaction: (work) => database.transaction(work),
    write: (work, signal) => database.write(work, { signal }),
    keepRoom: () => reserve.keep(),
    guardRoom: () => reserve.guard(),
    verify: () => problemsOf(database),
    close,
    [Symbol.asyncDispose]: async () => close(),
  }
}

function problemsOf(database: Database): string[] {
  try {
    return database
      .values('PRAGMA integrity_check')
      .map(([message]) => String(message))
      .filter((message) => message !== 'ok')
  } catch (error) {
    // SQLite cannot finish its check when a page of the schema or of a tree is damaged.
    if (isDatabaseDamaged(error)) return ['it is damaged']
    throw error
  }
}
