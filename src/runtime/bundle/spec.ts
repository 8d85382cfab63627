import type { SeccompProfile } from './seccomp/seccomp.ts'

/**
 * The part of the runtime configuration that strake writes (version 1.0.2).
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md
 */
export interface RuntimeConfig {
  readonly ociVersion: '1.0.2'
  readonly process: ProcessConfig
  readonly root: { readonly path: string; readonly readonly?: boolean }
  readonly hostname?: string
  readonly mounts: readonly MountConfig[]
  readonly annotations?: Readonly<Record<string, string>>
  readonly hooks?: Readonly<Partial<Record<HookName, readonly HookConfig[]>>>
  readonly linux: LinuxConfig
}

export const hookNames = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const

export type HookName = (typeof hookNames)[number]

/** A program that the runtime runs on the host, as root. */
export interface HookConfig {
  readonly path: string
  readonly args?: readonly string[]
  readonly env?: readonly string[]
  /** Seconds. */
  readonly timeout?: number
}

/** A hook of a device, and when it runs. */
export interface DeviceHook extends HookConfig {
  readonly name: HookName
}

/** The `process` part of `config.json`, also the input of `exec --process`. */
export interface ProcessConfig {
  readonly terminal?: boolean
  readonly consoleSize?: { readonly height: number; readonly width: number }
  readonly user: {
    readonly uid: number
    readonly gid: number
    readonly additionalGids?: readonly number[]
  }
  readonly args: readonly string[]
  readonly env: readonly string[]
  readonly cwd: string
  readonly capabilities: CapabilitySets
  readonly rlimits?: readonly Rlimit[]
  readonly noNewPrivileges?: true
  readonly apparmorProfile?: string
  readonly oomScoreAdj?: number
}

/** Inheritable and ambient must stay empty: they would survive a change of user. */
export interface CapabilitySets {
  readonly bounding: readonly string[]
  readonly effective: readonly string[]
  readonly permitted: readonly string[]
  readonly inheritable: readonly string[]
  readonly ambient: readonly string[]
}

/** `type` as in `RLIMIT_NOFILE`. -1 means no limit; `encodeConfig` replaces it for the runtime. */
export interface Rlimit {
  readonly type: string
  readonly soft: number
  readonly hard: number
}

export interface MountConfig {
  readonly destination: string
  readonly type: string
  readonly source: string
  readonly options?: readonly string[]
}

export interface LinuxConfig {
  readonly namespaces: readonly NamespaceConfig[]
  /** Absent where this process may not make control groups. */
  readonly cgroupsPath?: string
  readonly resources: ResourceConfig
  readonly devices?: readonly DeviceNode[]
  readonly sysctl?: Readonly<Record<string, string>>
  readonly seccomp?: SeccompProfile
  readonly maskedPaths?: readonly string[]
  readonly readonlyPaths?: readonly string[]
  readonly rootfsPropagation?: string
}

export interface NamespaceConfig {
  readonly type: 'mount' | 'network' | 'uts' | 'pid' | 'ipc' | 'cgroup'
  readonly path?: string
}

export interface DeviceNode {
  readonly path: string
  readonly type: 'b' | 'c'
  readonly major: number
  readonly minor: number
  readonly fileMode?: number
  readonly uid?: number
  readonly gid?: number
}

export interface DeviceRule {
  readonly allow: boolean
  readonly type?: string
  readonly major?: number
  readonly minor?: number
  readonly access: string
}

export interface ResourceConfig {
  readonly devices: readonly DeviceRule[]
  readonly memory?: {
    readonly limit?: number
    readonly swap?: number
    readonly reservation?: number
    readonly swappiness?: number
    readonly disableOOMKiller?: boolean
  }
  readonly cpu?: {
    readonly shares?: number
    readonly quota?: number
    readonly period?: number
    readonly cpus?: string
    readonly mems?: string
  }
  readonly pids?: { readonly limit: number }
  readonly blockIO?: BlockIoConfig
}

export interface BlockIoConfig {
  readonly weight?: number
  readonly weightDevice?: readonly (DeviceNumbers & { readonly weight: number })[]
  readonly throttleReadBpsDevice?: readonly DeviceRate[]
  readonly throttleWriteBpsDevice?: readonly DeviceRate[]
  readonly throttleReadIOPSDevice?: readonly DeviceRate[]
  readonly throttleWriteIOPSDevice?: readonly DeviceRate[]
}

interface DeviceNumbers {
  readonly major: number
  readonly minor: number
}

type DeviceRate = DeviceNumbers & { readonly rate: number }
