import type { AccessEntry } from '#http'
import type { CollectEvents } from '../collect/schedule.ts'
import type { TrimReport } from '../proxy/trim/trim-cache.ts'
import type { RegistryEvent } from '../server/event.ts'
import type { RegistryLedger, Usage } from '../store/ledger.ts'
import { kindOfPath, knownMethod } from './endpoint-kind.ts'
import {
  createCounter,
  createGauge,
  createHistogram,
  type Family,
  formatFamilies,
} from './metric.ts'
import { createProcessMetrics } from './process-metrics.ts'

export interface RegistryMetricsOptions {
  readonly ledger: Pick<RegistryLedger, 'usage'>
  /** Returns the number of uploads in progress. */
  readonly uploads: () => number
  /** Returns further metrics. */
  readonly more?: readonly Family[] | undefined
  /** The most repositories with numbers of their own. Default: 100. */
  readonly mostRepositories?: number | undefined
}

/** What a server calls, and the text that Prometheus reads. */
export interface RegistryMetrics extends CollectCounts {
  onRequest(entry: AccessEntry): void
  onEvent(event: RegistryEvent): void
  /** Called with what caches have lost to stay below their size. */
  onTrimmed(report: TrimReport): void
  /** Called with the bytes that a request brought. */
  onReceived(bytes: number): void
  format(): Promise<string>
}

/** Upper bounds of times until an answer begins, in seconds. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Milliseconds for which the size of the registry is not counted again. */
const usageLifetime = 30_000

export function createRegistryMetrics(options: RegistryMetricsOptions): RegistryMetrics {
  const requests = createCounter({
    name: 'strake_http_requests_total',
    help: 'Answered requests.',
    labels: ['method', 'kind', 'status'],
  })
  const durations = createHistogram(
    {
      name: 'strake_http_request_duration_seconds',
      help: 'Time until an answer begins.',
      labels: ['method', 'kind'],
    },
    bounds,
  )
  const sent = createCounter({
    name: 'strake_http_sent_bytes_total',
    help: 'Bytes of answers, as announced when an answer begins.',
    labels: ['kind'],
  })
  const received = createCounter({
    name: 'strake_registry_received_bytes_total',
    help: 'Bytes of blobs that uploads brought.',
  })
  const events = createCounter({
    name: 'strake_registry_events_total',
    help: 'Pulls, pushes, deletes, mounts, logins and refusals.',
    labels: ['action', 'kind'],
  })
  const pulls = createCounter({
    name: 'strake_registry_pulls_total',
    help: 'Pulled manifests, by repository.',
    labels: ['repository'],
  })
  const pushes = createCounter({
    name: 'strake_registry_pushes_total',
    help: 'Pushed manifests, by repository.',
    labels: ['repository'],
  })
  const trimmed = createCounter({
    name: 'strake_cache_removed_bytes_total',
    help: 'Bytes that caches have lost to stay below their size.',
  })
  const collection = createCollectionMetrics()
  const nameOf = boundNames(options.mostRepositories ?? 100)
  const families = [
    requests,
    durations,
    sent,
    received,
    events,
    pulls,
    pushes,
    createGauge({ name: 'strake_registry_uploads', help: 'Uploads in progress.' }, options.uploads),
    ...createUsageMetrics(options.ledger),
    ...collection.families,
    trimmed,
    ...(options.more ?? []),
    ...createProcessMetrics(),
  ]
  return {
    ...collection,
    onRequest({ method, path, status, size, duration }) {
      const labels = [knownMethod(method), kindOfPath(path)]
      requests.add([...labels, String(status)])
      durations.observe(labels, duration / 1000)
      if (method !== 'HEAD' && size !== undefined) sent.add([labels[1] ?? ''], size)
    },
    onEvent({ action, kind, repository }) {
      events.add([action, kind ?? ''])
      if (kind !== 'manifest' || repository === undefined) return
      if (action === 'pull') pulls.add([nameOf(repository)])
      if (action === 'push') pushes.add([nameOf(repository)])
    },
    onTrimmed: ({ bytes }) => trimmed.add([], bytes),
    onReceived: (bytes) => received.add([], bytes),
    format: () => formatFamilies(families),
  }
}

type CollectCounts = Required<Pick<CollectEvents, 'onRound' | 'onError'>>

function createCollectionMetrics(): CollectCounts & { readonly families: Family[] } {
  const rounds = createCounter({
    name: 'strake_registry_collections_total',
    help: 'Collections, by result.',
    labels: ['result'],
  })
  const removed = createCounter({
    name: 'strake_registry_collected_total',
    help: 'Tags, manifests and blobs that collections have removed from repositories.',
    labels: ['kind'],
  })
  const freed = createCounter({
    name: 'strake_registry_collected_bytes_total',
    help: 'Bytes that collections have freed.',
  })
  // Prometheus sees no increase in a number that was not there before.
  for (const result of ['done', 'failed']) rounds.add([result], 0)
  for (const kind of ['tag', 'manifest', 'blob']) removed.add([kind], 0)
  let last: number | undefined
  const lastRound = createGauge(
    {
      name: 'strake_registry_last_collection_timestamp_seconds',
      help: 'When the last collection ended well, since 1970.',
    },
    () => last,
  )
  return {
    families: [rounds, removed, freed, lastRound],
    onRound({ tags, manifests, blobs, bytes }) {
      rounds.add(['done'])
      removed.add(['tag'], tags)
      removed.add(['manifest'], manifests)
      removed.add(['blob'], blobs)
      freed.add([], bytes)
      last = Date.now() / 1000
    },
    onError: () => rounds.add(['failed']),
  }
}

/** The size of the registry. It is counted at most once in half a minute, because that reads the database. */
function createUsageMetrics(ledger: Pick<RegistryLedger, 'usage'>): readonly Family[] {
  let known: { readonly at: number; readonly usage: Promise<Usage> } | undefined
  const read = (): Promise<Usage> => {
    const at = performance.now()
    if (known === undefined || at - known.at > usageLifetime) {
      const usage = ledger.usage()
      const current = { at, usage }
      known = current
      usage.catch(() => {
        if (known === current) known = undefined
      })
    }
    return known.usage
  }
  // A database that is away must not hide the other metrics.
  const gauge = (name: string, help: string, pick: (usage: Usage) => number): Family =>
    createGauge({ name, help }, () => read().then(pick, () => undefined))
  return [
    gauge('strake_registry_repositories', 'Repositories.', (usage) => usage.repositories),
    gauge(
      'strake_registry_manifests',
      'Manifests of all repositories.',
      (usage) => usage.manifests,
    ),
    gauge('strake_registry_tags', 'Tags of all repositories.', (usage) => usage.tags),
    gauge(
      'strake_registry_stored_bytes',
      'Bytes of all repositories; what two of them hold counts twice.',
      (usage) => usage.bytes,
    ),
  ]
}

/** Returns a function that gives the first `most` names back, and `_other` for later ones. */
function boundNames(most: number): (name: string) => string {
  const known = new Set<string>()
  return (name) => {
    if (known.has(name)) return name
    if (known.size >= most) return '_other'
    known.add(name)
    return name
  }
}
