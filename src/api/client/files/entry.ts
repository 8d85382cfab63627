import { StrakeError } from '#oci'
import type { Stat } from '../messages/files.ts'
import { type EntryType, permissionsOfGoMode, typeOfGoMode } from './go-mode.ts'

/** An entry of a tree that a client sends, checked. */
export interface Entry {
  /** Relative, with slashes, without `.` and `..`. */
  readonly path: string
  /** The path of its directory; empty for the top. */
  readonly parent: string
  /** The last name of the path. */
  readonly name: string
  readonly type: EntryType
  readonly permissions: number
  readonly size: number
  readonly seconds: number
  readonly nanoseconds: number
  /** The target of a symbolic link, or the path of an earlier file that is the same file. */
  readonly link: string
}

/** What one transfer may cost. */
const mostEntries = 2_000_000
const longestPath = 4096
const longestName = 255

/**
 * Checks the entries of a tree in their order: each has a name of its own, in a directory that came
 * before. Nothing else that a client sends decides where files are made.
 */
export class EntryChecker {
  readonly #types = new Map<string, EntryType>()
  /** The directory of the last entry, most often that of the next one. */
  #parent = ''

  /** Throws `INVALID`. */
  check(stat: Stat): Entry {
    const { path, linkname } = stat
    const at = path.lastIndexOf('/')
    const [parent, name] = [path.slice(0, Math.max(at, 0)), path.slice(at + 1)]
    const type = typeOfGoMode(stat.mode)
    if (this.#types.size === mostEntries) throw refuse(`it has more than ${mostEntries} entries`)
    if (path.length > longestPath || isLongName(name)) throw refused(path, 'is too long')
    if (name === '' || name === '.' || name === '..' || path.startsWith('/') || path.includes('\0'))
      throw refused(path, 'is no relative path')
    if (parent !== '' && parent !== this.#parent && this.#types.get(parent) !== 'directory')
      throw refused(path, 'is in no directory that was sent before')
    this.#parent = parent
    if (linkname.length > longestPath || linkname.includes('\0'))
      throw refused(path, 'leads to no path')
    if (type === 'symlink' && linkname === '') throw refused(path, 'leads to no path')
    if (type === 'file' && linkname !== '' && this.#types.get(linkname) !== 'file')
      throw refused(path, 'is the same file as one that was not sent before')
    if (stat.size < 0) throw refused(path, 'has no size')
    const known = this.#types.size
    if (this.#types.set(path, type).size === known) throw refused(path, 'was sent twice')
    const whole = stat.modTime / second
    const rest = Number(stat.modTime - whole * second)
    return {
      path,
      parent,
      name,
      type,
      permissions: permissionsOfGoMode(stat.mode),
      size: stat.size,
      seconds: Number(whole) - (rest < 0 ? 1 : 0),
      nanoseconds: rest < 0 ? rest + 1e9 : rest,
      link: linkname,
    }
  }
}

/** Nanoseconds. */
const second = 1_000_000_000n

/** A character has at most three bytes for each unit of its length. */
function isLongName(name: string): boolean {
  return name.length * 3 > longestName && Buffer.byteLength(name) > longestName
}

function refused(path: string, reason: string): StrakeError {
  return refuse(`the path ${JSON.stringify(path.slice(0, 200))} ${reason}`)
}

function refuse(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot receive files of the client: ${reason}`)
}
