import { noticeKinds } from '../notify/cloud-event.ts'
import { repositoryGlob } from './content-shape.ts'
import type { MetricsConfig, ObserveConfig, TracesConfig, WebhookConfig } from './observe-config.ts'
import {
  choice,
  duration,
  filledList,
  flag,
  httpUrl,
  type KeysOf,
  list,
  path,
  type Shape,
  section,
  simpleName,
  text,
  whole,
} from './shape.ts'

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

const traces: Shape<TracesConfig> = section({
  url: {
    shape: httpUrl('http://127.0.0.1:4318'),
    isRequired: true,
    about: 'The collector. Without a path, /v1/traces is added.',
  },
  percent: {
    shape: whole(0, 100),
    about: 'How many of the traces that begin here are kept. Default: 100.',
  },
  headersFile: { shape: path, about: 'A file with headers for the collector, one a line.' },
  service: { shape: text('a name'), about: 'The name of this service. Default: strake-registry.' },
})

const webhook: Shape<WebhookConfig> = section({
  name: {
    shape: simpleName,
    isRequired: true,
    about: 'The name of the webhook in metrics and messages.',
  },
  url: {
    shape: text(
      'a URL such as https://example.com/hook, without a password',
      /^https?:\/\/[^\s/?#@]+(?:[/?][^\s#]*)?$/,
    ),
    isRequired: true,
    about: 'Where events are sent.',
  },
  events: {
    shape: filledList(choice(...noticeKinds)),
    about: 'What it is told about. Default: push, tag and delete.',
  },
  repositories: { shape: filledList(repositoryGlob), about: 'Only these repositories.' },
  secretFile: {
    shape: path,
    about: 'A file with the secret that signs deliveries. Two lines: signed with both.',
  },
  allowPrivate: {
    shape: flag,
    about: 'Accepts an address of this machine or of an inner network. Default: false.',
  },
  timeout: { shape: duration, about: 'For one delivery. Default: 10s.' },
  batch: { shape: whole(1, 1000), about: 'The most events of one delivery. Default: 100.' },
  giveUpAfter: { shape: duration, about: 'How long a delivery is tried again. Default: 1d.' },
})

/** The sections about telling others what happens. */
export const observeKeys: KeysOf<ObserveConfig> = {
  metrics: { shape: metrics, about: 'Numbers for Prometheus; without it, none.' },
  traces: { shape: traces, about: 'Spans for OpenTelemetry; without it, none.' },
  webhooks: { shape: list(webhook), about: 'Servers that are told about changes.' },
}
