import type { LocalStore } from '#content'
import type { RegistryCollection } from '../store/collection.ts'
import type { RegistryFacts } from '../store/facts.ts'
import type { RegistryLedger } from '../store/ledger.ts'
import { type CollectReport, collect, noteLost } from './collect.ts'
import { retain } from './retain.ts'
import type { RetentionRule } from './retention.ts'

/** How a server collects. Times are in milliseconds. */
export interface CollectSettings {
  readonly interval: number
  readonly keepManifests: number
  readonly keepBlobs: number
  readonly retention: readonly RetentionRule[]
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
  readonly onRound?: ((round: CollectionRound) => void) | undefined
  /** The next round is tried all the same. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Collects at every interval until disposed. Disposal ends a running round after its step. */
export function scheduleCollection(
  registry: CollectedRegistry,
  settings: CollectSettings,
  { onRound, onError }: CollectEvents = {},
): AsyncDisposable {
  const stop = new AbortController()
  let searchedAt = Number.NEGATIVE_INFINITY
  const round = async (): Promise<void> => {
    const { signal } = stop
    const { content, collection, now = Date.now, notesContent = false } = registry
    let tags = 0
    for await (const _ of retain(registry, {
      rules: settings.retention,
      fixedBy: settings.fixedBy,
      now,
      signal,
    }))
      tags += 1
    if (content !== undefined && !notesContent && now() - searchedAt >= searchInterval) {
      await noteLost(collection, content, signal)
      searchedAt = now()
    }
    const report = await collect(collection, content, { ...settings, now, signal })
    onRound?.({ ...report, tags })
  }
  let running: Promise<void> = Promise.resolve()
  let isRunning = false
  const timer = setInterval(() => {
    if (isRunning) return
    isRunning = true
    running = round()
      .catch((error: unknown) => {
        if (!stop.signal.aborted) onError?.(error)
      })
      .finally(() => {
        isRunning = false
      })
  }, settings.interval)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stop.abort()
      await running
    },
  }
}
