import type { ResourceOptions, Rlimit } from '#runtime'

/** A permission that a Dockerfile cannot give itself. */
export type Grant = 'network.host' | 'security.insecure' | 'device' | `device=${string}`

/** Settings of the containers of RUN. A command may see them, so they are part of its key. */
export interface RunSettings {
  /** Lines of `/etc/hosts`. The address `host-gateway` is that of this machine on the bridge. */
  readonly hosts?: readonly { readonly name: string; readonly ip: string }[] | undefined
  readonly rlimits?: readonly Rlimit[] | undefined
  /** Bytes of `/dev/shm`. */
  readonly shmSize?: number | undefined
}

/** Limits of the containers of RUN. They are part of no key. */
export interface RunLimits {
  readonly resources?: ResourceOptions | undefined
  /** The control group of the containers: a path below the root of every hierarchy. */
  readonly cgroupParent?: string | undefined
}

/** How much output of a step is shown, for each stream. Bytes; -1 for any amount. */
export interface LogLimits {
  readonly size: number
  /** Bytes a second. */
  readonly speed: number
}

/** The limits of BuildKit: a program that prints without end must not fill terminals and logs. */
export const usualLogLimits: LogLimits = { size: 2 * 1024 * 1024, speed: 200 * 1024 }
