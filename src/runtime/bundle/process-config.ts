import type { ResolvedUser } from '../root/user.ts'
import { apparmorConfig } from './apparmor.ts'
import { type CapabilityOptions, resolveCapabilities } from './capabilities.ts'
import type { DeviceOptions } from './devices.ts'
import type { SeccompSource } from './seccomp/seccomp-profile.ts'
import type { ProcessConfig, Rlimit } from './spec.ts'

/** Security options. An absent one has Docker's default or a stricter one. */
export interface SecurityOptions
  extends CapabilityOptions,
    Pick<DeviceOptions, 'devices' | 'rules'> {
  /** All rights of the host: capabilities, devices, kernel paths, no filter. */
  readonly privileged?: boolean | undefined
  /** Default: `builtin`, or `unconfined` for a privileged container. */
  readonly seccomp?: 'unconfined' | 'builtin' | SeccompSource | undefined
  readonly noNewPrivileges?: boolean | undefined
  /**
   * A profile of AppArmor, or `unconfined`. Default: `docker-default` if the kernel has that profile, and
   * none for a privileged container.
   */
  readonly apparmor?: string | undefined
  /** False leaves kernel paths unmasked and writable (`systempaths=unconfined`). */
  readonly maskPaths?: boolean | undefined
}

export interface ProcessOptions {
  readonly args: readonly string[]
  /** `NAME=value`. */
  readonly env: readonly string[]
  readonly cwd: string
  readonly user: ResolvedUser
  readonly terminal?: boolean | undefined
  readonly consoleSize?: { readonly rows: number; readonly columns: number } | undefined
  readonly rlimits?: readonly Rlimit[] | undefined
  readonly oomScoreAdj?: number | undefined
  readonly security?: SecurityOptions | undefined
}

/** Only the `process` part, for `exec`: the same capabilities for the same options. */
export function processConfig(options: ProcessOptions): ProcessConfig {
  const security = options.security ?? {}
  const capabilities = resolveCapabilities(security)
  const size = options.consoleSize
  return {
    ...(options.terminal ? { terminal: true } : {}),
    ...(size === undefined ? {} : { consoleSize: { height: size.rows, width: size.columns } }),
    user: {
      uid: options.user.uid,
      gid: options.user.gid,
      additionalGids: options.user.additionalGids,
    },
    args: options.args,
    env: options.env,
    cwd: options.cwd,
    capabilities: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: [],
      ambient: [],
    },
    ...(options.rlimits === undefined ? {} : { rlimits: options.rlimits }),
    // youki loads the filter too late, and fails, for any value but an absent one.
    ...(security.noNewPrivileges ? { noNewPrivileges: true } : {}),
    ...apparmorConfig(security),
    ...(options.oomScoreAdj === undefined ? {} : { oomScoreAdj: options.oomScoreAdj }),
  }
}
