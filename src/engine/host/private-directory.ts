import { StrakeError } from '#oci'
import { changeMode, fileStatus, fileType, isSystemError, pathExists, typeOf } from '#platform'
import type { Roots } from './roots.ts'
import { findForeign } from './store-names.ts'

/** The forbidden permission bits: others may not enter, but see `letGroupEnter`. */
const others = { root: 0o077, run: 0o067 } as const

const readOnly = {
  reason: 'its file system is read-only',
  remedy: 'mount it read-write, or choose another place with --root',
}

/**
 * Lets only the owner enter the directories of a store, and makes the lasting one: the
 * store holds setuid files and device nodes of images, and secrets of containers. Throws
 * `DENIED` for a directory of another user, `CONFLICT` for a directory that is open to
 * other users and holds foreign files, `UNAVAILABLE` if it cannot be made or its mode changed.
 */
export function makePrivate(roots: Roots, uid: number = process.getuid?.() ?? 0): void {
  for (const which of ['root', 'run'] as const) {
    const path = roots[which]
    // Only a directory contains `.`; a link counts as its target.
    const self = `${path}/.`
    // This process cannot stat `.` in a directory that it may not enter, so the owner is checked first.
    if (pathExists(path)) refuseForeign(path, path, uid)
    if (!pathExists(self)) {
      if (which === 'root') make(path)
      continue
    }
    refuseForeign(path, self, uid)
    const { mode } = fileStatus(self)
    if ((mode & others[which]) === 0) continue
    const foreign = findForeign(roots, which)
    if (foreign !== undefined) {
      // The store does not exist yet, and is not made beside other files.
      if (which === 'root' && !pathExists(`${path}/oci-layout`)) continue
      const reason = `other users may enter it, and ${JSON.stringify(foreign)} is not strake's`
      throw refused('CONFLICT', path, reason)
    }
    tighten(path)
  }
}

/**
 * Lets the members of a group enter the run directory of a store, to reach the socket of the API in
 * it. They cannot list it, and everything else in it is closed to them.
 */
export function letGroupEnter({ run }: Pick<Roots, 'run'>, group: number): void {
  const { chmodSync, chownSync, mkdirSync } = process.getBuiltinModule('node:fs')
  mkdirSync(run, { recursive: true, mode: 0o700 })
  chownSync(run, process.getuid?.() ?? 0, group)
  chmodSync(run, 0o710)
}

function refuseForeign(path: string, seen: string, uid: number): void {
  const { mode, uid: owner } = fileStatus(seen)
  if (typeOf(mode) !== fileType.directory || owner === uid) return
  throw refused('DENIED', path, `user ${owner} owns it`)
}

function refused(code: 'CONFLICT' | 'DENIED', path: string, reason: string): StrakeError {
  return new StrakeError(code, `Cannot use ${path} for a store: ${reason}`, {
    remedy: 'choose a new or an empty directory of your own',
  })
}

function make(path: string): void {
  try {
    process.getBuiltinModule('node:fs').mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOSPC') throw cause
    const isReadOnly = code === 'EROFS'
    const reason = isReadOnly ? readOnly.reason : code
    const remedy = isReadOnly ? readOnly.remedy : 'run as root, or choose another place with --root'
    throw new StrakeError('UNAVAILABLE', `Cannot make ${path}: ${reason}`, { cause, remedy })
  }
}

/** The content was made while other users could enter, so it may be open to them as well. */
function tighten(path: string): void {
  const self = `${path}/.`
  restrict(self)
  if ((fileStatus(self).mode & others.root) !== 0) {
    throw new StrakeError(
      'UNAVAILABLE',
      `Cannot use ${path} for a store: its file system lets other users enter, whatever its mode`,
      { remedy: 'mount it with umask=077, or choose another place with --root' },
    )
  }
  for (const name of process.getBuiltinModule('node:fs').readdirSync(path)) {
    restrict(`${path}/${name}`)
  }
}

function restrict(path: string): void {
  try {
    const { mode } = fileStatus(path)
    const type = typeOf(mode)
    if (type === fileType.directory || type === fileType.regular) changeMode(path, mode & 0o7700)
  } catch (cause) {
    // Another process removed the file.
    if (isSystemError(cause, 'ENOENT')) return
    const shown = path.replace(/\/\.$/, '')
    const isReadOnly = isSystemError(cause, 'EROFS')
    const message = cause instanceof Error ? cause.message : ''
    const { reason, remedy } = isReadOnly
      ? readOnly
      : { reason: message, remedy: 'chmod it to 0700, or choose another place with --root' }
    throw new StrakeError('UNAVAILABLE', `Cannot keep other users out of ${shown}: ${reason}`, {
      cause,
      remedy,
    })
  }
}
