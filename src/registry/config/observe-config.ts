/** What the configuration says about telling others what happens. */
export interface ObserveConfig {
  readonly metrics?: MetricsConfig
}

export interface MetricsConfig {
  readonly host?: string
  readonly port: number
  readonly path?: string
  readonly repositories?: number
}
