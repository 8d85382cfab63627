import { fileStatus, ignoring, readSmallFile, realPath } from '../call/posix.ts'

/** One line of `/proc/self/mountinfo`, see proc_pid_mountinfo(5). */
export interface MountEntry {
  /** Absolute path, escapes undone. */
  readonly target: string
  readonly type: string
  readonly source: string
  /** Per-mount options: `rw,nosuid`. */
  readonly options: readonly string[]
  /** Options of the filesystem: `upperdir=/x`. */
  readonly superOptions: readonly string[]
  /** Takes part in propagation: what is mounted below appears in other namespaces too. */
  readonly shared: boolean
}

/** Every mount of this mount namespace, oldest first; of two on one target the later is on top. */
export function readMounts(): MountEntry[] {
  return parseMountInfo(readSmallFile('/proc/self/mountinfo') ?? '')
}

/** Reads the text of a mountinfo file; lines it does not understand are left out. */
export function parseMountInfo(text: string): MountEntry[] {
  const entries: MountEntry[] = []
  for (const line of text.split('\n')) {
    const fields = line.split(' ')
    const separator = fields.indexOf('-', 6)
    const [target, options] = [fields[4], fields[5]]
    const [type, source, superOptions] = fields.slice(separator + 1)
    if (separator === -1 || target === undefined || options === undefined) continue
    if (type === undefined || source === undefined) continue
    entries.push({
      target: unescapeOctal(target),
      type: unescapeOctal(type),
      source: unescapeOctal(source),
      options: options.split(','),
      superOptions: (superOptions ?? '').split(',').map(unescapeOctal),
      shared: fields.slice(6, separator).some((field) => field.startsWith('shared:')),
    })
  }
  return entries
}

/** The kernel writes space, tab, newline, `#` and backslash as `\ooo`, byte by byte. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}

/** True when something is mounted exactly at `path`; absence is `false`. The last link is not followed. */
export function isMountPoint(path: string): boolean {
  const status = ignoring(['ENOENT', 'ENOTDIR'], () => fileStatus(path))
  if (status === undefined) return false
  return status.mountRoot ?? readMounts().some(({ target }) => target === realPath(path))
}

/** The mounts at `path` and below it, deepest first: the order in which they can be unmounted. */
export function mountsBelow(path: string): MountEntry[] {
  const root = ignoring(['ENOENT', 'ENOTDIR'], () => realPath(path))
  if (root === undefined) return []
  const inside = root === '/' ? '/' : `${root}/`
  return readMounts()
    .filter(({ target }) => target === root || target.startsWith(inside))
    .reverse()
    .sort((a, b) => b.target.split('/').length - a.target.split('/').length)
}

/** The mount that `path` lies on, `undefined` only when `path` does not exist. */
export function mountOf(path: string): MountEntry | undefined {
  const real = ignoring(['ENOENT', 'ENOTDIR'], () => realPath(path))
  if (real === undefined) return undefined
  let best: MountEntry | undefined
  for (const entry of readMounts()) {
    const inside = entry.target === '/' ? '/' : `${entry.target}/`
    const holds = real === entry.target || real.startsWith(inside)
    if (holds && entry.target.length >= (best?.target.length ?? 0)) best = entry
  }
  return best
}
