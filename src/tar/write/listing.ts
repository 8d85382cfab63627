import { defaultTarLimits, noXattrs, type PlacedEntry, type TarInput } from '../entry.ts'
import { blockSize } from '../field.ts'
import { checkLink, checkName, checkOwner } from '../limit.ts'
import { usualModes } from './encode.ts'
import { refuseToWrite } from './refuse-to-write.ts'

/** The entries of an archive in order, without their contents. */
export interface TarListing {
  /** None of them is sparse. */
  readonly entries: readonly PlacedEntry[]
  /** Bytes of the archive. */
  readonly size: number
}

/** Longer lists are dropped, to save memory. */
const mostListed = 200_000

/**
 * Lists the entries of an archive while it is written, so that it need not be read for that. Each
 * entry equals the one that `readTar` reads from the header of `encodeEntry`.
 */
export class TarLister {
  #entries: PlacedEntry[] | undefined = []

  /**
   * Adds an entry whose header has `headerSize` bytes from `start`. Throws `INVALID` for an entry
   * that a reader would refuse.
   */
  add(input: TarInput, start: number, headerSize: number): void {
    const { path, type = 'file', linkpath = '', uid = 0, gid = 0 } = input
    const isLink = type === 'symlink' || type === 'hardlink'
    const refuse = (reason: string): never => refuseToWrite(path, reason)
    checkName(path, defaultTarLimits, refuse)
    if (isLink) checkLink(linkpath, defaultTarLimits, refuse)
    checkOwner({ uid, gid }, refuse)
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

  /** The list of an archive of `size` bytes; `undefined` when it was too long. */
  finish(size: number): TarListing | undefined {
    return this.#entries && { entries: this.#entries, size }
  }
}
