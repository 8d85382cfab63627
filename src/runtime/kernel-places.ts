/**
 * The files of `/proc` that a mount may replace, as LXCFS does; the runtimes refuse all others.
 * Links such as `/proc/1/cwd` lead to other files when the runtime follows them.
 */
const replaceable: ReadonlySet<string> = new Set(
  [
    'cpuinfo',
    'diskstats',
    'loadavg',
    'meminfo',
    'slabinfo',
    'stat',
    'swaps',
    'uptime',
    'sys/kernel/ns_last_pid',
    'sys/crypto/fips_enabled',
  ].map((name) => `/proc/${name}`),
)

/**
 * Returns why nothing of this kind can be mounted at a path of a container, as a clause; `undefined`
 * if it can, as far as the path shows. Pass no kind if it is not known yet.
 */
export function refusalOfPlace(path: string, point?: 'file' | 'directory'): string | undefined {
  if (!path.startsWith('/proc/')) return undefined
  if (!replaceable.has(path)) return 'it lies in /proc'
  return point === 'directory' ? 'there is a file' : undefined
}

/** What a directory must contain to be mounted at a path, because no container starts without it. */
export type KernelFiles = 'processes' | 'devices'

/** Returns what a mount at a path of a container must contain; `undefined` for other paths. */
export function neededFiles(path: string): KernelFiles | undefined {
  if (path === '/proc') return 'processes'
  return path === '/dev' ? 'devices' : undefined
}

/** The clause that refuses a mount without these files. */
export const withoutFiles: Readonly<Record<KernelFiles, string>> = {
  processes: 'a container needs the files of the kernel in /proc',
  devices: 'a container needs the devices in /dev',
}
