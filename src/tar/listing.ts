import { StrakeError } from '#oci'
import { usualModes } from './encode.ts'
import { defaultTarLimits, noXattrs, type PlacedEntry, type TarInput } from './entry.ts'
import { blockSize } from './field.ts'
import { checkName, checkOwner } from './limit.ts'
import { printableName } from './name.ts'

/** What an archive holds, in its order, without the contents. */
export interface TarListing {
  /** None of them sparse. */
  readonly entries: readonly PlacedEntry[]
  /** Bytes of the archive. */
  readonly size: number
}

/** More entries than this are not kept in memory. */
const mostListed = 200_000

/**
 * Lists an archive while it is written, so that nobody has to read it for that:
 * each entry is what `readTar` will make of the header that `encodeEntry` made.
 */
export class TarLister {
  #entries: PlacedEntry[] | undefined = []

  /**
   * Takes the entry whose header takes `headerSize` bytes from `start` on. Throws `INVALID`
   * for what a reader would refuse.
   */
  add(input: TarInput, start: number, headerSize: number): void {
    const { path, type = 'file', linkpath = '', uid = 0, gid = 0 } = input
    const isLink = type === 'symlink' || type === 'hardlink'
    const refused = (reason: string): never => refuse(input, reason)
    checkName(path, defaultTarLimits, refused)
    if (isLink) checkName(linkpath, linkLimits, refused)
    checkOwner({ uid, gid }, refused)
    if (this.#entries === undefined || this.#entries.length === mostListed) {
      this.#entries = undefined
      return
    }
    this.#entries.push({
      path: type === 'directory' && path.endsWith('/') ? path.slice(0, -1) : path,
      type,
      mode: (input.mode ?? usualModes[type]) & 0o7777,
      uid,
      gid,
      size: type === 'file' ? (input.size ?? 0) : 0,
      mtime: input.mtime ?? 0,
      mtimeNanoseconds: input.mtimeNanoseconds ?? 0,
      linkpath: isLink ? linkpath : '',
      deviceMajor: input.deviceMajor ?? 0,
      deviceMinor: input.deviceMinor ?? 0,
      xattrs: input.xattrs ?? noXattrs,
      headerOffset: start + headerSize - blockSize,
      dataOffset: start + headerSize,
    })
  }

  /** The list of an archive of `size` bytes; `undefined` when it is too long to be kept. */
  finish(size: number): TarListing | undefined {
    return this.#entries && { entries: this.#entries, size }
  }
}

/** As the reader has them: a target may be anything that is not too long. */
const linkLimits = { ...defaultTarLimits, componentLength: 4096 }

function refuse({ path }: TarInput, reason: string): never {
  throw new StrakeError('INVALID', `Cannot write tar entry ${printableName(path)}: ${reason}`)
}
