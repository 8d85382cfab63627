import { fileStatus, ignoring, readSmallFile, realPath } from '../call/posix.ts'

/** One line of `/proc/self/mountinfo`, see proc_pid_mountinfo(5). */
export interface MountEntry {
  /** Absolute path, with decoded escapes. */
  readonly target: string
  readonly type: string
  readonly source: string
  /** Per-mount options: `rw,nosuid`. */
  readonly options: readonly string[]
  /** Options of the file system: `upperdir=/x`. */
  readonly superOptions: readonly string[]
  /** The mount is shared: a mount below it appears in other namespaces too. */
  readonly shared: boolean
}

/** Returns every mount of this mount namespace, oldest first. A later mount on the same target covers the earlier one. */
export function readMounts(): MountEntry[] {
  return parseMountInfo(readSmallFile('/proc/self/mountinfo') ?? '')
}

/** Reads the text of a mountinfo file. Malformed lines are left out. */
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

/** True when `path` is a mount point. A link at its end is not followed; an absent path is none. */
export function isMountPoint(path: string): boolean {
  const status = ignoring(['ENOENT', 'ENOTDIR'], () => fileStatus(path))
  if (status === undefined) return false
  return status.mountRoot ?? readMounts().some(({ target }) => target === realPath(path))
}

/** Returns the mounts at and below `path`, deepest first: the order to unmount them in. */
export function mountsBelow(path: string): MountEntry[] {
  const root = ignoring(['ENOENT', 'ENOTDIR'], () => realPath(path))
  if (root === undefined) return []
  const inside = root === '/' ? '/' : `${root}/`
  return readMounts()
    .filter(({ target }) => target === root || target.startsWith(inside))
    .reverse()
    .sort((a, b) => b.target.split('/').length - a.target.split('/').length)
}

/** Returns the mount that holds `path`, `undefined` only for an absent path. */
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
