import { channel } from 'node:diagnostics_channel'
import type { LocalStore } from '#content'
import type { Digest } from '#oci'
import { repeat } from '../repeat.ts'
import type { RegistryCollection } from '../store/collection.ts'
import type { RegistryFacts } from '../store/facts.ts'
import type { RegistryLedger } from '../store/ledger.ts'
import { type CollectReport, collect, freeLimits, noteLost } from './collect.ts'
import type { CollectionAdmin, Foreseen, ForeseenItem, LastCollection } from './collector.ts'
import { keepInUse } from './in-use.ts'
import { type RemovedTag, retain } from './retain.ts'
import type { RetentionRule } from './retention.ts'

const failures = channel('registry:collect-failure')

/** How a server collects. Times are in milliseconds. */
export interface CollectSettings {
  /** Between two collections. Default: the collector collects only when its `start` is called. */
  readonly interval?: number | undefined
  readonly keepManifests: number
  readonly keepBlobs: number
  readonly retention: readonly RetentionRule[]
  /** Returns the digests that a cluster runs, which stay. Default: none. */
  readonly readInUse?: (() => Promise<ReadonlySet<Digest>>) | undefined
  /** Returns the rule that keeps a tag whatever retention says. */
  readonly fixedBy?: ((repository: string, tag: string) => string | undefined) | undefined
}

export interface CollectedRegistry {
  readonly facts: RegistryFacts
  readonly ledger: RegistryLedger
  readonly collection: RegistryCollection
  /** Absent for a store that collects by itself. */
  readonly content: LocalStore | undefined
  /** Returns milliseconds since 1970. Default: the system's clock. */
  readonly now?: (() => number) | undefined
  /** The facts note all content that comes. Otherwise it is searched for what nothing has noted. */
  readonly notesContent?: boolean | undefined
}

/** Milliseconds between two searches for content that nothing has noted. */
const searchInterval = 86_400_000

/** What one collection has removed. */
export interface CollectionRound extends CollectReport {
  readonly tags: number
}

export interface CollectEvents {
  /** Called for every tag that retention has removed. */
  readonly onTag?: ((tag: RemovedTag) => void) | undefined
  readonly onRound?: ((round: CollectionRound) => void) | undefined
  /** Runs each round, and returns what it returns. */
  readonly around?:
    | ((round: () => Promise<CollectionRound>) => Promise<CollectionRound>)
    | undefined
  /** The next round is tried all the same. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Collects at every interval, and when `start` is called. Disposal ends a running round after its step. */
export interface Collector extends CollectionAdmin, AsyncDisposable {}

/** The most things that `foresee` names. */
const mostNamed = 100

/** Opens a collector. */
export function openCollector(
  registry: CollectedRegistry,
  settings: CollectSettings,
  { onTag, onRound, onError, around = (run) => run() }: CollectEvents = {},
): Collector {
  const { interval, retention, fixedBy } = settings
  const { content, collection, now = Date.now, notesContent = false } = registry
  const rules = { rules: retention, fixedBy, now }
  let searchedAt = Number.NEGATIVE_INFINITY
  let last: LastCollection | undefined
  const runRound = async (signal: AbortSignal): Promise<CollectionRound> => {
    let tags = 0
    const inUse = await settings.readInUse?.()
    if (inUse !== undefined) await keepInUse(registry.facts, inUse, signal)
    for await (const removed of retain(registry, { ...rules, inUse, signal })) {
      tags += 1
      onTag?.(removed)
    }
    if (content !== undefined && !notesContent && now() - searchedAt >= searchInterval) {
      await noteLost(collection, content, signal)
      searchedAt = now()
    }
    return { ...(await collect(collection, content, { ...settings, now, signal })), tags }
  }
  const round = async (signal: AbortSignal): Promise<void> => {
    const done = await around(() => runRound(signal))
    last = { ...done, at: now(), hasFailed: false }
    onRound?.(done)
  }
  const rounds = repeat(round, {
    interval,
    onError(error) {
      last = { at: now(), hasFailed: true, tags: 0, manifests: 0, blobs: 0, bytes: 0 }
      failures.publish({ error })
      onError?.(error)
    },
  })
  return {
    start: () => rounds.start(),
    state: () => ({ isRunning: rounds.isRunning, interval, last }),
    foresee: (signal) => foresee(registry, settings, { now, signal }),
    [Symbol.asyncDispose]: () => rounds[Symbol.asyncDispose](),
  }
}

async function foresee(
  registry: CollectedRegistry,
  settings: CollectSettings,
  { now, signal }: { readonly now: () => number; readonly signal: AbortSignal | undefined },
): Promise<Foreseen> {
  const { retention: rules, fixedBy } = settings
  let [tags, manifests, blobs, bytes] = [0, 0, 0, 0]
  const first: ForeseenItem[] = []
  const name = (item: ForeseenItem): void => {
    if (first.length < mostNamed) first.push(item)
  }
  const inUse = await settings.readInUse?.()
  for await (const found of retain(registry, {
    rules,
    fixedBy,
    now,
    inUse,
    dryRun: true,
    signal,
  })) {
    tags += 1
    name({ repository: found.repository, kind: 'tag', tag: found.tag })
  }
  for await (const found of registry.collection.listFree(freeLimits({ ...settings, now }))) {
    signal?.throwIfAborted()
    const { repository, kind, digest, size } = found
    if (kind === 'manifest' && inUse?.has(digest) === true) continue
    if (kind === 'manifest') manifests += 1
    else blobs += 1
    bytes += size
    name({ repository, kind, digest, size })
  }
  return { tags, manifests, blobs, bytes, first }
}
