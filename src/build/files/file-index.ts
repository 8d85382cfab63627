import type { Digest } from '#oci'
import { decodeName, encodeName } from '#tar'
import { bytesOf, readCacheFile, writeCacheFile } from './cache-file.ts'
import type { FileNode } from './node.ts'

/** The parts of a status that change when a file changes. */
const fields = [
  'size',
  'mtime',
  'mtimeNanoseconds',
  'ctime',
  'ctimeNanoseconds',
  'inodeLow',
  'inodeHigh',
] as const

/** A listed file. */
export type FileStatus = Pick<FileNode, 'path' | (typeof fields)[number]>

const digestSize = 32
/** The number of rows after the last one that are searched before all rows are. */
const lookahead = 16

/**
 * The digests of the files of a build context, in a cache file with a row for each.
 * Looking files up in the order of the rows is fastest. The index is valid for one
 * file system (`StatusOrigin`).
 */
export class FileIndex {
  readonly #origin: string
  #names: readonly string[]
  #statuses: Float64Array
  #digests: Buffer
  /** New rows. */
  #added: (readonly [FileStatus, Digest])[] = []
  #rows: ReadonlyMap<string, number> | undefined
  /** The row after the last one that was found. */
  #next = 0

  /** Reads an index. It is empty when the file is absent, damaged or of another origin. */
  constructor(path: string, origin: string) {
    this.#origin = origin
    const [written = nothing, ...parts] = readCacheFile(path, 4) ?? []
    const isOurs = new TextDecoder().decode(written) === origin
    const [names = nothing, statuses = nothing, digests = nothing] = isOurs ? parts : []
    this.#names = decodeName(names).split('\0').slice(0, -1)
    this.#statuses = new Float64Array(statuses.buffer, statuses.byteOffset, statuses.length / 8)
    this.#digests = Buffer.from(digests.buffer, digests.byteOffset, digests.length)
  }

  /** The number of files in the index. */
  get size(): number {
    return this.#names.length + this.#added.length
  }

  /** Returns the SHA-256 of a file with the same status as in the index. */
  find(file: FileStatus): Digest | undefined {
    const row = this.#rowOf(file.path)
    if (row === undefined) return undefined
    this.#next = row + 1
    let at = row * fields.length
    for (const field of fields) if (this.#statuses[at++] !== file[field]) return undefined
    return `sha256:${this.#digests.toString('hex', row * digestSize, (row + 1) * digestSize)}`
  }

  /** Adds the digest of a file. It is called at most once for a file. */
  set(file: FileStatus, digest: Digest): void {
    const row = this.#rowOf(file.path)
    if (row === undefined) this.#added.push([file, digest])
    else this.#fill(row, file, digest)
  }

  /** Removes all paths but these. */
  keep(paths: ReadonlySet<string>): void {
    const rows = [...this.#names.keys()].filter((row) => paths.has(this.#names[row] ?? ''))
    const [names, statuses, digests] = [this.#names, this.#statuses, this.#digests]
    this.#names = rows.map((row) => names[row] ?? '')
    this.#resize(0)
    for (const [to, from] of rows.entries()) {
      const at = from * fields.length
      this.#statuses.set(statuses.subarray(at, at + fields.length), to * fields.length)
      digests.copy(this.#digests, to * digestSize, from * digestSize, (from + 1) * digestSize)
    }
    this.#rows = undefined
  }

  write(path: string): void {
    const before = this.#names.length
    if (this.#added.length > 0) {
      this.#names = this.#names.concat(this.#added.map(([file]) => file.path))
      this.#resize(before)
      for (const [at, [file, digest]] of this.#added.entries())
        this.#fill(before + at, file, digest)
      this.#added = []
      this.#rows = undefined
    }
    const names = encodeName(this.#names.map((name) => `${name}\0`).join(''))
    const origin = new TextEncoder().encode(this.#origin)
    writeCacheFile(path, [origin, names, bytesOf(this.#statuses), this.#digests])
  }

  /** Makes arrays for new rows, and keeps the first `count` rows. */
  #resize(count: number): void {
    const [statuses, digests] = [this.#statuses, this.#digests]
    this.#statuses = new Float64Array(this.#names.length * fields.length)
    this.#statuses.set(statuses.subarray(0, count * fields.length))
    this.#digests = Buffer.alloc(this.#names.length * digestSize)
    digests.copy(this.#digests, 0, 0, count * digestSize)
  }

  #fill(row: number, file: FileStatus, digest: Digest): void {
    let at = row * fields.length
    for (const field of fields) this.#statuses[at++] = file[field]
    this.#digests.write(digest.slice(digest.indexOf(':') + 1), row * digestSize, 'hex')
  }

  #rowOf(path: string): number | undefined {
    const end = Math.min(this.#next + lookahead, this.#names.length)
    for (let row = this.#next; row < end; row++) if (this.#names[row] === path) return row
    this.#rows ??= new Map(this.#names.map((name, row) => [name, row]))
    return this.#rows.get(path)
  }
}

const nothing = new Uint8Array(0)
