import { constants, readlinkSync } from 'node:fs'
import { check, cString, symbols } from '#platform'

/** The one system call that looks a path up as a container would see it, whatever links the image holds. */
const calls = symbols({
  openat2: { syscall: 437, args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i64' },
  open: { args: ['ptr', 'i32', 'u32'], returns: 'i32' },
})

const resolveNoMagicLinks = 0x02n
const resolveNoSymlinks = 0x04n
const resolveInRoot = 0x10n
const closeOnExec = 0o2000000
const pathOnly = 0o10000000

/** An `O_PATH` descriptor of a directory; everything is then opened relative to it. */
export function openRoot(root: string): number {
  const flags = pathOnly | constants.O_DIRECTORY | closeOnExec
  return Number(check(calls().open(cString(root), flags, 0), 'open', root))
}

export interface OpenInRootOptions {
  /** `open(2)` flags; close-on-exec is added. */
  readonly flags: number
  /** Refuse with `ELOOP` when any part of the path is a symbolic link. */
  readonly noSymlinks?: boolean
}

/**
 * Opens `path` with `root` as `/`: absolute links and `..` stay inside, and a
 * racing swap of a directory for a link cannot lead out. Throws `SystemError`.
 */
export function openInRoot(root: number, path: string, options: OpenInRootOptions): number {
  const resolve =
    resolveInRoot | resolveNoMagicLinks | (options.noSymlinks ? resolveNoSymlinks : 0n)
  const how = new BigUint64Array([BigInt(options.flags | closeOnExec), 0n, resolve])
  const relative = cString(`./${path}`)
  for (let attempt = 0; ; attempt++) {
    try {
      return Number(check(calls().openat2(root, relative, how, how.byteLength), 'open', path))
    } catch (error) {
      // The kernel gives up when something above was renamed meanwhile.
      if (errorCode(error) !== 'EAGAIN' || attempt === 100) throw error
    }
  }
}

export const pathFlags: number = pathOnly

/** What an open descriptor is called now, seen from the host. */
export function pathOf(fd: number): string {
  return readlinkSync(`/proc/self/fd/${fd}`)
}

/** The symbolic name of a system error: `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
