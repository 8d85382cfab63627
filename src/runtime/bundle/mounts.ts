import { readdirSync, statSync } from 'node:fs'
import { cgroupMode } from '../cgroup.ts'
import type { ContainerMount } from '../root/mount.ts'
import type { MountConfig } from './spec.ts'

/**
 * The namespace of shared memory. As in Docker, `host` also shares the `/dev/shm` of the machine, where
 * shared memory has its names, and `none` leaves it out. Other containers may join a `shareable` one.
 */
export type IpcMode = 'private' | 'shareable' | 'none' | 'host'

export interface MountOptions {
  readonly mounts?: readonly ContainerMount[] | undefined
  /** Bytes of `/dev/shm`; default 64 MiB. */
  readonly shmSize?: number | undefined
  readonly ipcNamespace?: IpcMode | undefined
  /** A directory of this machine in place of a new `/dev/shm`, for containers that share it. */
  readonly sharedMemory?: string | undefined
  readonly readOnlyRoot?: boolean | undefined
  readonly privileged?: boolean | undefined
}

const defaultShmSize = 64 * 1024 * 1024

/**
 * All mounts in their order: first the kernel's file systems, as in Docker, then those of the user.
 */
export function mountConfig(options: MountOptions): readonly MountConfig[] {
  const own = kernelMounts(options)
  const wanted = (options.mounts ?? []).map(userMount)
  const replaced = new Set(wanted.map(({ destination }) => destination))
  return [...own.filter(({ destination }) => !replaced.has(destination)), ...wanted]
}

function kernelMounts(options: MountOptions): readonly MountConfig[] {
  const access = options.privileged ? 'rw' : 'ro'
  const mounts: readonly MountConfig[] = [
    mount('/proc', 'proc', ['nosuid', 'noexec', 'nodev']),
    mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
    mount('/dev/pts', 'devpts', [
      'nosuid',
      'noexec',
      'newinstance',
      'ptmxmode=0666',
      'mode=0620',
      'gid=5',
    ]),
    mount('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', access]),
    mount('/sys/fs/cgroup', 'cgroup', [access, 'nosuid', 'noexec', 'nodev']),
    mount('/dev/mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
    ...sharedMemory(options),
  ]
  return mounts
}

function sharedMemory({
  ipcNamespace,
  sharedMemory: shared,
  shmSize = defaultShmSize,
}: MountOptions): readonly MountConfig[] {
  const place = '/dev/shm'
  if (ipcNamespace === 'none') return []
  const hasHosts =
    ipcNamespace === 'host' && statSync(place, { throwIfNoEntry: false })?.isDirectory()
  const source = shared ?? (hasHosts ? place : undefined)
  if (source !== undefined) {
    return [{ destination: place, type: 'bind', source, options: ['bind', 'private'] }]
  }
  return [mount(place, 'tmpfs', ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${shmSize}`])]
}

function mount(destination: string, type: string, options: readonly string[]): MountConfig {
  return { destination, type, source: type === 'tmpfs' ? 'tmpfs' : type, options }
}

function userMount(wanted: ContainerMount): MountConfig {
  const { type, source, destination, readOnly, recursion } = wanted
  if (type === 'tmpfs') {
    const options = ['nosuid', 'nodev', 'noexec', ...(wanted.options ?? [])]
    return { destination, type, source: 'tmpfs', options: readOnly ? [...options, 'ro'] : options }
  }
  if (wanted.isReady) return { destination, type, source, options: ['rbind'] }
  const propagation = wanted.propagation ?? 'rprivate'
  const bind = recursion === 'disabled' ? 'bind' : 'rbind'
  // `ro` alone would leave the mounts below the source writable.
  const isWhole = recursion === undefined || recursion === 'readonly'
  const access = readOnly ? ['ro', ...(isWhole && isDirectory(source) ? ['rro'] : [])] : ['rw']
  return { destination, type, source, options: [bind, propagation, ...access] }
}

/** crun refuses recursive read-only for a file. */
function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? true
}

/** The kernel paths that a container must not read or write; `undefined` when it may. */
export function protectedPaths(security: {
  readonly privileged?: boolean | undefined
  readonly maskPaths?: boolean | undefined
}):
  | { readonly maskedPaths: readonly string[]; readonly readonlyPaths: readonly string[] }
  | undefined {
  if (security.privileged || security.maskPaths === false) return undefined
  return { maskedPaths: maskedPaths(), readonlyPaths }
}

/** Kernel paths that a container must not read: they show hardware, keys and timing of the host. */
function maskedPaths(): readonly string[] {
  return [
    ...['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats'].map(inProc),
    ...['sched_debug', 'scsi', 'timer_list', 'timer_stats'].map(inProc),
    '/sys/devices/virtual/powercap',
    '/sys/firmware',
    '/sys/fs/selinux',
    ...thermalPaths(),
  ]
}

/** Kernel paths that a container may read and must not write. */
const readonlyPaths: readonly string[] = [
  ...['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map(inProc),
]

function inProc(name: string): string {
  return `/proc/${name}`
}

let thermal: readonly string[] | undefined

function thermalPaths(): readonly string[] {
  const directory = '/sys/devices/system/cpu'
  thermal ??= entriesOf(directory)
    .filter((name) => /^cpu\d+$/.test(name))
    .filter((name) => entriesOf(`${directory}/${name}`).includes('thermal_throttle'))
    .map((name) => `${directory}/${name}/thermal_throttle`)
  return thermal
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/**
 * Whether a container has its own view of the control groups. The default is that of Docker: with
 * cgroup v2, and not for a privileged container.
 */
export function cgroupNamespace(
  wanted: 'private' | 'host' | undefined,
  isPrivileged = false,
): 'private' | 'host' {
  return wanted ?? (cgroupMode() === 'unified' && !isPrivileged ? 'private' : 'host')
}
