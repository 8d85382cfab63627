import type { Mount } from '#http'
import type { RegistryEvent, RegistryHandler, RegistryHandlerOptions } from '#registry'
import { openHooks } from '#registry/config/hooks'
import type { MetricsConfig, WebhookConfig } from '#registry/config/observe-config'
import { deliverServices } from '#registry/notify/deliver'
import { Notifier } from '#registry/notify/notifier'
import { createHealthEndpoints, createMetricsEndpoint } from '#registry/observe/endpoints'
import { createRegistryMetrics } from '#registry/observe/registry-metrics'
import { type ListenOptions, listen } from './listen.ts'
import type { RegistryServerOptions, ServedRegistry } from './registry.ts'

export interface ObserveOptions {
  readonly metrics: MetricsConfig | undefined
  readonly webhooks: readonly WebhookConfig[] | undefined
  /** The address of the registry, for events. */
  readonly source: string
  readonly allowedHosts: readonly string[]
  readonly onRequest: ListenOptions['onRequest']
  readonly onEvent: RegistryHandlerOptions['onEvent']
}

type Observed = Pick<
  RegistryServerOptions,
  'onRequest' | 'onEvent' | 'tellsMoves' | 'onReceived' | 'collectEvents' | 'mounts'
>

/** Returns the options of a server that tells what it does. `opened` gets what must be disposed. */
export async function observe(
  { facts, openOutbox }: ServedRegistry,
  options: ObserveOptions,
  opened: AsyncDisposableStack,
): Promise<Observed> {
  const { metrics: config, webhooks = [], source, onRequest } = options
  const hooks = await openHooks(webhooks)
  const services = deliverServices
  const notifier =
    hooks.length === 0
      ? undefined
      : opened.use(new Notifier({ hooks, outbox: openOutbox(), source, services }))
  const logEvent = options.onEvent
  const onEvent =
    notifier === undefined
      ? logEvent
      : (event: RegistryEvent): void => {
          logEvent?.(event)
          notifier.note(event)
        }
  const tellsMoves = onEvent !== undefined
  const health = createHealthEndpoints({
    facts: async () => {
      for await (const _ of facts.repositories()) return
    },
  })
  if (config === undefined) return { onRequest, onEvent, tellsMoves, mounts: () => health }
  let handler: RegistryHandler | undefined
  const metrics = createRegistryMetrics({
    ledger: facts.ledger,
    uploads: () => handler?.uploads() ?? 0,
    mostRepositories: config.repositories,
    more: notifier?.families,
  })
  const { host, port, path = '/metrics' } = config
  const endpoint = createMetricsEndpoint(() => metrics.format(), path)
  const { allowedHosts } = options
  opened.use(await listen([endpoint], { hostname: host, port, allowedHosts }))
  return {
    onRequest(entry) {
      onRequest?.(entry)
      metrics.onRequest(entry)
    },
    onEvent(event) {
      onEvent?.(event)
      metrics.onEvent(event)
    },
    tellsMoves,
    onReceived: (bytes) => metrics.onReceived(bytes),
    collectEvents: metrics,
    mounts(made): readonly Mount[] {
      handler = made
      return health
    },
  }
}
