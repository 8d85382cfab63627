import { StrakeError } from '#oci'
import { printableName, type TarInput, whiteoutPrefix } from '#tar'
import type { Opened, Time } from './compare.ts'

interface HeaderOptions {
  readonly epoch?: number | undefined
  readonly subsecond?: boolean
}

/** The header of an entry without its type; late times are clamped, fractions are dropped. */
export function entryHeader(
  path: string,
  { status, xattrs }: Omit<Opened, 'fd'>,
  { epoch, subsecond }: HeaderOptions,
): TarInput {
  const late = epoch !== undefined && status.mtime >= epoch
  return {
    path,
    mode: status.mode & 0o7777,
    uid: status.uid,
    gid: status.gid,
    mtime: late ? epoch : status.mtime,
    mtimeNanoseconds: subsecond === true && !late ? status.mtimeNanoseconds : 0,
    xattrs,
  }
}

export function headerTime({ mtime = 0, mtimeNanoseconds = 0 }: TarInput): Time {
  return { seconds: mtime, nanoseconds: mtimeNanoseconds }
}

/** The entry that deletes a file of the lower layers; `path` has the form of a whiteout. */
export function whiteoutEntry(path: string, { epoch = 0 }: HeaderOptions): TarInput {
  return { path, type: 'file', mode: 0, mtime: epoch }
}

/** Throws `INVALID`: in a layer such a name would remove a file. */
export function refuseReserved(path: string): never {
  const reason = `names that begin with ${whiteoutPrefix} mean deletions in a layer`
  throw new StrakeError('INVALID', `Cannot pack ${printableName(path)}: ${reason}`, {
    remedy: 'rename or remove it',
  })
}
