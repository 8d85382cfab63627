import { kernelRelease } from '#platform'
import { cgroupPath } from '../cgroup.ts'
import type { ContainerMount } from '../root/mount.ts'
import { resolveCapabilities } from './capabilities.ts'
import { confineConfig } from './confined.ts'
import { deviceConfig } from './devices.ts'
import { refuseLimits } from './limits/refuse-limits.ts'
import { type ResourceOptions, resourceConfig } from './limits/resources.ts'
import { cgroupNamespace, type IpcMode, mountConfig, protectedPaths } from './mounts.ts'
import { type ProcessOptions, processConfig, type SecurityOptions } from './process-config.ts'
import { defaultSeccomp, type SeccompProfile } from './seccomp/seccomp.ts'
import { resolveSeccomp } from './seccomp/seccomp-conditions.ts'
import type { DeviceHook, HookConfig, HookName, NamespaceConfig, RuntimeConfig } from './spec.ts'
import { sysctlConfig } from './sysctls.ts'

/**
 * `path` is the network namespace to join. `none` creates an empty one, `host` shares that of the
 * machine.
 */
export type NetworkNamespace = 'none' | 'host' | { readonly path: string }

export interface BundleOptions extends ProcessOptions {
  readonly id: string
  /** Absolute path of the root file system. */
  readonly root: string
  readonly readOnlyRoot?: boolean | undefined
  readonly hostname?: string | undefined
  readonly network: NetworkNamespace
  /** `path` is the PID namespace to join. */
  readonly pidNamespace?: 'private' | 'host' | { readonly path: string } | undefined
  readonly ipcNamespace?: IpcMode | undefined
  /** The file of an IPC namespace to join, in place of `ipcNamespace`. */
  readonly ipcPath?: string | undefined
  /** A directory of this machine in place of a new `/dev/shm`. */
  readonly sharedMemory?: string | undefined
  readonly utsNamespace?: 'private' | 'host' | undefined
  /** Default: `private` where the machine has cgroup v2, and `host` for a privileged container. */
  readonly cgroupNamespace?: 'private' | 'host' | undefined
  /** The NIS domain name of the container. */
  readonly domainname?: string | undefined
  /** Those of the user. Annotations of an image never come here. */
  readonly annotations?: Readonly<Record<string, string>> | undefined
  readonly mounts?: readonly ContainerMount[] | undefined
  /** Bytes of `/dev/shm`; default 64 MiB. */
  readonly shmSize?: number | undefined
  readonly resources?: ResourceOptions | undefined
  /** An absolute path below the root of every hierarchy. */
  readonly cgroupParent?: string | undefined
  readonly sysctls?: Readonly<Record<string, string>> | undefined
  /** Only specifications of devices on this machine have hooks, never an image. */
  readonly hooks?: readonly DeviceHook[] | undefined
}

/**
 * Makes the `config.json` with all security defaults. It contains no annotation of an image, because
 * annotations change what a runtime does. Throws `DENIED` for limits where this process may not make
 * control groups.
 */
export function createBundleConfig(options: BundleOptions): RuntimeConfig {
  refuseLimits(options.resources ?? {})
  return confineConfig(fullConfig(options), { hostNetwork: options.network === 'host' })
}

/** The configuration for the root of the machine. */
function fullConfig(options: BundleOptions): RuntimeConfig {
  const security = options.security ?? {}
  const { nodes, rules } = deviceConfig(security)
  const seccomp = seccompOf(security)
  return {
    ociVersion: '1.0.2',
    process: processConfig(options),
    root: { path: options.root, ...(options.readOnlyRoot ? { readonly: true } : {}) },
    ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
    ...hookConfig(options.hooks ?? []),
    mounts: mountConfig({ ...options, privileged: security.privileged ?? false }),
    linux: {
      namespaces: namespaces(options),
      cgroupsPath: cgroupPath(options.id, options.cgroupParent),
      resources: resourceConfig(options.resources ?? {}, rules),
      ...(nodes.length === 0 ? {} : { devices: nodes }),
      sysctl: sysctlConfig({ ...options, hostNetwork: options.network === 'host' }),
      ...(seccomp === undefined ? {} : { seccomp }),
      ...protectedPaths(security),
      ...propagation(options.mounts ?? []),
    },
  }
}

function hookConfig(hooks: readonly DeviceHook[]): Pick<RuntimeConfig, 'hooks'> {
  if (hooks.length === 0) return {}
  const grouped: Partial<Record<HookName, HookConfig[]>> = {}
  for (const { name, ...hook } of hooks) grouped[name] = [...(grouped[name] ?? []), hook]
  return { hooks: grouped }
}

function seccompOf(security: SecurityOptions): SeccompProfile | undefined {
  const { seccomp = security.privileged ? 'unconfined' : 'builtin' } = security
  if (seccomp === 'unconfined') return undefined
  const capabilities = resolveCapabilities(security)
  if (seccomp === 'builtin') return defaultSeccomp(capabilities)
  const facts = { capabilities, architecture: process.arch, kernel: kernelRelease() }
  return resolveSeccomp(seccomp, facts)
}

function namespaces(options: BundleOptions): readonly NamespaceConfig[] {
  const { network } = options
  const made: NamespaceConfig[] = [{ type: 'mount' }]
  if (options.utsNamespace !== 'host') made.push({ type: 'uts' })
  const { pidNamespace } = options
  if (typeof pidNamespace === 'object') made.push({ type: 'pid', path: pidNamespace.path })
  else if (pidNamespace !== 'host') made.push({ type: 'pid' })
  if (options.ipcPath !== undefined) made.push({ type: 'ipc', path: options.ipcPath })
  else if (options.ipcNamespace !== 'host') made.push({ type: 'ipc' })
  if (network === 'none') made.push({ type: 'network' })
  else if (network !== 'host') made.push({ type: 'network', path: network.path })
  const isPrivileged = options.security?.privileged
  if (cgroupNamespace(options.cgroupNamespace, isPrivileged) === 'private') {
    made.push({ type: 'cgroup' })
  }
  return made
}

/** The propagation of the root, which shared and slave mounts need. */
function propagation(mounts: readonly ContainerMount[]): { rootfsPropagation?: string } {
  const kinds = mounts.map((mount) => mount.propagation ?? 'rprivate')
  if (kinds.some((kind) => kind.endsWith('shared'))) return { rootfsPropagation: 'shared' }
  return kinds.some((kind) => kind.endsWith('slave')) ? { rootfsPropagation: 'slave' } : {}
}
