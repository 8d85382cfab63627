import type { Digest } from '#oci'
import { decodeName, encodeName } from '#tar'
import { bytesOf, readCacheFile, writeCacheFile } from './cache-file.ts'
import type { FileNode } from './node.ts'

/** Whatever changes when a file does. */
const fields = [
  'size',
  'mtime',
  'mtimeNanoseconds',
  'ctime',
  'ctimeNanoseconds',
  'inodeLow',
  'inodeHigh',
] as const

/** A file as listing found it. */
export type FileStatus = Pick<FileNode, 'path' | (typeof fields)[number]>

const digestSize = 32
/** A path is looked for so many places ahead before it is among all of them. */
const lookahead = 16

/**
 * The digests of the files of a build context, in a file of its own: a cache, with
 * a row for each. Files that are asked for in the order of the rows cost least.
 * It holds for one file system (`StatusOrigin`).
 */
export class FileIndex {
  readonly #origin: string
  #names: readonly string[]
  #statuses: Float64Array
  #digests: Buffer
  /** Rows to come. */
  #added: (readonly [FileStatus, Digest])[] = []
  #rows: ReadonlyMap<string, number> | undefined
  /** The row that will be asked for next. */
  #next = 0

  /** Reads an index; it is empty where there is none, a damaged one, or that of another origin. */
  constructor(path: string, origin: string) {
    this.#origin = origin
    const [written = nothing, ...parts] = readCacheFile(path, 4) ?? []
    const isOurs = new TextDecoder().decode(written) === origin
    const [names = nothing, statuses = nothing, digests = nothing] = isOurs ? parts : []
    this.#names = decodeName(names).split('\0').slice(0, -1)
    this.#statuses = new Float64Array(statuses.buffer, statuses.byteOffset, statuses.length / 8)
    this.#digests = Buffer.from(digests.buffer, digests.byteOffset, digests.length)
  }

  /** How many files it has. */
  get size(): number {
    return this.#names.length + this.#added.length
  }

  /** The SHA-256 of a file whose status is what it was. */
  find(file: FileStatus): Digest | undefined {
    const row = this.#rowOf(file.path)
    if (row === undefined) return undefined
    this.#next = row + 1
    let at = row * fields.length
    for (const field of fields) if (this.#statuses[at++] !== file[field]) return undefined
    return `sha256:${this.#digests.toString('hex', row * digestSize, (row + 1) * digestSize)}`
  }

  /** Remembers the digest of a file, once for each. */
  set(file: FileStatus, digest: Digest): void {
    const row = this.#rowOf(file.path)
    if (row === undefined) this.#added.push([file, digest])
    else this.#fill(row, file, digest)
  }

  /** Forgets all other paths than these. */
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

  /** Makes room for what has names, and keeps the first `count` rows. */
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
