import type { Mount } from '#http'
import type { RegistryHandler, RegistryHandlerOptions } from '#registry'
import type { MetricsConfig } from '#registry/config/observe-config'
import { createHealthEndpoints, createMetricsEndpoint } from '#registry/observe/endpoints'
import { createRegistryMetrics } from '#registry/observe/registry-metrics'
import { type ListenOptions, listen } from './listen.ts'
import type { RegistryServerOptions, ServedRegistry } from './registry.ts'

export interface ObserveOptions {
  readonly metrics: MetricsConfig | undefined
  readonly allowedHosts: readonly string[]
  readonly onRequest: ListenOptions['onRequest']
  readonly onEvent: RegistryHandlerOptions['onEvent']
}

type Observed = Pick<
  RegistryServerOptions,
  'onRequest' | 'onEvent' | 'onReceived' | 'collectEvents' | 'mounts'
>

/** Returns the options of a server that tells what it does. `opened` gets what must be disposed. */
export async function observe(
  { facts }: ServedRegistry,
  options: ObserveOptions,
  opened: AsyncDisposableStack,
): Promise<Observed> {
  const { metrics: config, onRequest, onEvent } = options
  const health = createHealthEndpoints({
    facts: async () => {
      for await (const _ of facts.repositories()) return
    },
  })
  if (config === undefined) return { onRequest, onEvent, mounts: () => health }
  let handler: RegistryHandler | undefined
  const metrics = createRegistryMetrics({
    ledger: facts.ledger,
    uploads: () => handler?.uploads() ?? 0,
    mostRepositories: config.repositories,
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
    onReceived: (bytes) => metrics.onReceived(bytes),
    collectEvents: metrics,
    mounts(made): readonly Mount[] {
      handler = made
      return health
    },
  }
}
