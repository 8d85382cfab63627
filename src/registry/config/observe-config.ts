import type { NoticeKind } from '../notify/cloud-event.ts'

/** What the configuration says about telling others what happens. */
export interface ObserveConfig {
  readonly metrics?: MetricsConfig
  readonly traces?: TracesConfig
  readonly webhooks?: readonly WebhookConfig[]
}

export interface MetricsConfig {
  readonly host?: string
  readonly port: number
  readonly path?: string
  readonly repositories?: number
}

export interface TracesConfig {
  readonly url: string
  readonly percent?: number
  readonly headersFile?: string
  readonly service?: string
}

/** Durations are milliseconds. */
export interface WebhookConfig {
  readonly name: string
  readonly url: string
  readonly events?: readonly NoticeKind[]
  readonly repositories?: readonly string[]
  readonly secretFile?: string
  readonly allowPrivate?: boolean
  readonly timeout?: number
  readonly batch?: number
  readonly giveUpAfter?: number
}
