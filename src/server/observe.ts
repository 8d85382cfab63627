import type { Mount } from '#http'
import type { RegistryEvent, RegistryHandler, RegistryHandlerOptions, RemovedTag } from '#registry'
import { openHooks } from '#registry/config/hooks'
import type { MetricsConfig, ObserveConfig } from '#registry/config/observe-config'
import { openTraceExport } from '#registry/config/trace-settings'
import { deliverServices } from '#registry/notify/deliver'
import { Notifier } from '#registry/notify/notifier'
import { createHealthEndpoints, createMetricsEndpoint } from '#registry/observe/endpoints'
import type { Family } from '#registry/observe/metric'
import { createRegistryMetrics, type RegistryMetrics } from '#registry/observe/registry-metrics'
import { traceRound } from '#registry/observe/trace/trace-round'
import { traced } from '#registry/observe/trace/traced'
import { watchCalls } from '#registry/observe/trace/watch-calls'
import { type ListenOptions, listen } from './listen.ts'
import type { RegistryServerOptions, ServedRegistry } from './registry.ts'

export interface ObserveOptions {
  readonly config: ObserveConfig
  /** The address of the registry, for events. */
  readonly source: string
  readonly allowedHosts: readonly string[]
  readonly onRequest: ListenOptions['onRequest']
  readonly onEvent: RegistryHandlerOptions['onEvent']
}

type Observed = Pick<
  RegistryServerOptions,
  | 'onRequest'
  | 'onEvent'
  | 'tellsMoves'
  | 'onReceived'
  | 'onTrimmed'
  | 'collectEvents'
  | 'mounts'
  | 'trace'
>

/** Returns the options of a server that tells what it does. `opened` gets what must be disposed. */
export async function observe(
  served: ServedRegistry,
  options: ObserveOptions,
  opened: AsyncDisposableStack,
): Promise<Observed> {
  const { config, onRequest, onEvent } = options
  const { facts } = served
  const notifier = await openWebhooks(served, options, opened)
  const traces = config.traces && opened.use(await openTraceExport(config.traces))
  if (traces !== undefined) opened.use(watchCalls())
  let handler: RegistryHandler | undefined
  const metrics =
    config.metrics &&
    createRegistryMetrics({
      ledger: facts.ledger,
      uploads: () => handler?.uploads() ?? 0,
      mostRepositories: config.metrics.repositories,
      more: [...(notifier?.families ?? []), ...(traces?.families ?? [])] satisfies Family[],
    })
  if (config.metrics !== undefined && metrics !== undefined) {
    opened.use(await serveMetrics(metrics, config.metrics, options.allowedHosts))
  }
  const health = createHealthEndpoints({
    facts: async () => {
      for await (const _ of facts.repositories()) return
    },
    ...(served.probe !== undefined && { content: served.probe }),
  })
  const tell = all<RegistryEvent>(
    onEvent,
    notifier && ((event) => notifier.note(event)),
    metrics && ((event) => metrics.onEvent(event)),
  )
  const ratio = (config.traces?.percent ?? 100) / 100
  return {
    onRequest: all(onRequest, metrics && ((entry) => metrics.onRequest(entry))),
    onEvent: tell,
    tellsMoves: onEvent !== undefined || notifier !== undefined,
    onTrimmed: metrics && ((report) => metrics.onTrimmed(report)),
    onReceived: metrics && ((bytes) => metrics.onReceived(bytes)),
    collectEvents: {
      ...metrics,
      onTag: tell && ((removed) => tell(retentionEvent(removed))),
      around: traces && ((round) => traceRound(round, (span) => traces.add(span))),
    },
    trace: traces && ((inner) => traced(inner, { add: (span) => traces.add(span), ratio })),
    mounts(made): readonly Mount[] {
      handler = made
      return health
    },
  }
}

/** A tag that retention has removed, as if somebody had deleted it. */
function retentionEvent({ repository, tag, digest }: RemovedTag): RegistryEvent {
  return {
    time: Date.now(),
    action: 'delete',
    kind: 'manifest',
    principal: 'retention',
    address: '',
    repository,
    reference: tag,
    digest,
    status: 202,
  }
}

async function openWebhooks(
  { openOutbox, now = Date.now }: ServedRegistry,
  { config, source }: ObserveOptions,
  opened: AsyncDisposableStack,
): Promise<Notifier | undefined> {
  const hooks = await openHooks(config.webhooks ?? [])
  if (hooks.length === 0) return undefined
  // The clock of the outbox: replicas share one.
  const services = { ...deliverServices, now }
  return opened.use(new Notifier({ hooks, outbox: openOutbox(), source, services }))
}

async function serveMetrics(
  metrics: RegistryMetrics,
  { host, port, path = '/metrics' }: MetricsConfig,
  allowedHosts: readonly string[],
): Promise<AsyncDisposable> {
  const endpoint = createMetricsEndpoint(() => metrics.format(), path)
  return await listen([endpoint], { hostname: host, port, allowedHosts })
}

/** Returns a function that calls those that are there, or `undefined` if there is none. */
function all<T>(
  ...calls: readonly (((value: T) => void) | undefined)[]
): ((value: T) => void) | undefined {
  const present = calls.filter((call) => call !== undefined)
  if (present.length < 2) return present[0]
  return (value) => {
    for (const call of present) call(value)
  }
}
