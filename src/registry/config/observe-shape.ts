import type { MetricsConfig, ObserveConfig } from './observe-config.ts'
import { type KeysOf, type Shape, section, text, whole } from './shape.ts'

const metrics: Shape<MetricsConfig> = section({
  host: {
    shape: text('an address or a host name'),
    about: 'The address for the port of the metrics. Default: 127.0.0.1.',
  },
  port: {
    shape: whole(0, 65_535),
    isRequired: true,
    about: 'A port of their own, which everybody who reaches it may read.',
  },
  path: {
    shape: text('a path such as /metrics', /^(?:\/[A-Za-z0-9._-]+)+$/),
    about: 'Where they are. Default: /metrics.',
  },
  repositories: {
    shape: whole(0, 100_000),
    about: 'The most repositories with numbers of their own. Default: 100.',
  },
})

/** The sections about telling others what happens. */
export const observeKeys: KeysOf<ObserveConfig> = {
  metrics: { shape: metrics, about: 'Numbers for Prometheus; without it, none.' },
}
