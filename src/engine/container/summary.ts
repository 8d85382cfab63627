/** One line of `ps`. */
export interface ContainerSummary {
  readonly id: string
  readonly name: string
  /** As it was written when the container was made. */
  readonly image: string
  readonly imageId: string
  readonly command: readonly string[]
  readonly created: Date
  /** `created`, `running`, `paused`, `restarting`, `exited`, `dead`. */
  readonly state: string
  /** Docker's words: `Up 3 seconds`. */
  readonly status: string
  readonly exitCode: number
  /** `127.0.0.1:8080->80/tcp`. */
  readonly ports: string
  readonly labels: Readonly<Record<string, string>>
  /** `bridge`, `host` or `none`. */
  readonly network: string
  /** `none` without health checks. */
  readonly health: string
  /** Names of volumes and paths of the host. */
  readonly mounts: readonly string[]
}
