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
import { createLayers, type Layers } from './tables/layers.ts'
import { createLeases, type Leases } from './tables/leases.ts'
import { createLoss, type Loss } from './tables/loss.ts'
import { createNetworkRecords, type NetworkRecords } from './tables/networks.ts'
import { createSources, type Sources } from './tables/sources.ts'
import { createTags, type Tags } from './tables/tags.ts'
import { createVolumes, type Volumes } from './tables/volumes.ts'

/**
 * The facts of a store, in one SQLite file that any number of processes use at
 * the same time. A fact is written after the content it names is durable, and
 * is durable itself when the call returns; it is removed before the content is.
 *
 * Locks, in the order in which they may be taken:
 *
 * 1. locks of one thing: a container's directory, an ingest, a network;
 * 2. the database's write lock (`transaction`, and every call that writes).
 *
 * The second is always the last: taking another one inside it throws. Transactions are synchronous, so nothing that
 * waits for a network, a child process or another lock can happen inside one.
 */
export interface Records extends AsyncDisposable {
  readonly path: string
  /** The file system is read-only: every write throws. */
  readonly isReadOnly: boolean
  readonly tags: Tags
  readonly images: Images
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
  /** Where the file was moved that stood here and could not be read, when that happened at opening. */
  readonly quarantined: string | undefined
  /** Records that lists left out since opening, because they are damaged. */
  readonly damaged: readonly StrakeError[]
  /** Deletes those; returns how many there were. */
  removeDamaged(): number
  /** All of `work` or none of it, with no other writer between. `work` must not await. */
  transaction<T>(work: () => T): T
  /**
   * The same without blocking the thread while another process writes. A server, whose
   * other users would have to wait as well, changes records with this alone.
   */
  write<T>(work: () => T, signal?: AbortSignal): Promise<T>
  /**
   * Keeps a little of the disk back, if there is plenty: then everything here
   * still works once when the disk is full, which is when things are removed.
   */
  keepRoom(): void
  /**
   * Says that this process adds to the store, so that it may not have that space. Throws
   * `UNAVAILABLE` on a disk that is full.
   */
  guardRoom(): void
  /** What SQLite finds wrong with the whole file, in its words; reads all of it. Empty when sound. */
  verify(): string[]
  close(): void
}

export interface RecordsOptions {
  /** Milliseconds since 1970; the system's clock unless given. */
  readonly now?: () => number
  /** Asked when the database has to be made: whether the store holds content that it should know of. */
  readonly holdsContent?: () => boolean
  /** Called on a full disk whose reserve is gone: removes what can be made again, if there is any. */
  readonly freeCaches?: () => boolean
}

/**
 * Opens or creates the records at `path`, whose directory exists. A file that is
 * not a whole database is set aside as `<path>.bad-<time>` and an empty one
 * takes its place; `quarantined` tells, and `loss` when the store holds content. Throws `UNSUPPORTED` when a newer strake
 * wrote it, `INVALID` when it is another program's database.
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
    write: (work, signal) => database.write(work, signal),
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
    // SQLite cannot even finish its check when the damage is in a page of the schema or of a tree.
    if (isDatabaseDamaged(error)) return ['it is damaged']
    throw error
  }
}
