import type { FileHandle } from 'node:fs/promises'
import { digestAlgorithm, StrakeError } from '#oci'
import {
  fs,
  isSystemError,
  noteChecksum,
  openHashingWriter,
  writeAll,
  writeAllNow,
} from '#platform'
import type { Bytes } from '#stream'
import { proved, readFile, readProved, requireDiffId } from '../chain/layer-source.ts'
import type { LayerSource } from '../chain/snapshotter.ts'

const readOnlyMode = 0o444
const writableBits = 0o222

/**
 * The files of a layer that is being imported, in their own folder. Read `bytes` to the end, then
 * call `finish`; the bytes are unverified before that.
 */
export class StagedLayer implements AsyncDisposable {
  readonly folder: string
  readonly bytes: Bytes
  readonly #sparse: SparseFile
  /** The path of the archive, if it need not be written. */
  readonly #path: string | undefined
  /** The archive while it is written. */
  #file: FileHandle | undefined

  /** `isProved`: the bytes of a file are known to match the diff ID. */
  constructor(folder: string, source: LayerSource, { isProved }: { readonly isProved: boolean }) {
    this.folder = folder
    fs().mkdirSync(folder, { mode: 0o700 })
    this.#sparse = new SparseFile(`${folder}/sparse.data`)
    const { tar, diffId } = source
    const target = `${folder}/layer.tar`
    if (typeof tar === 'string') {
      linkOrCopy(tar, target)
      this.#path = target
      this.bytes = isProved ? readFile(target) : readProved(target, diffId)
    } else this.bytes = this.#written(tar, source, target)
  }

  /** True when the archive is there without reading `bytes`, and has `size` bytes. */
  isWhole(size: number): boolean {
    return this.#path !== undefined && fs().statSync(this.#path).size === size
  }

  /** Writes a piece of the contents of sparse files. */
  writeSparse(piece: Uint8Array, position: number): void {
    this.#sparse.write(piece, position)
  }

  /** Makes everything durable; `sparseSize` is the final size of the file of sparse contents. */
  async finish(sparseSize: number): Promise<void> {
    await this.#file?.sync()
    await this.#close()
    if (sparseSize > 0) this.#sparse.finish(sparseSize)
  }

  /** Closes open files. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
    this.#sparse.close()
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async *#written(tar: Bytes, { diffId, leastSize }: LayerSource, target: string): Bytes {
    const { open } = process.getBuiltinModule('node:fs/promises')
    const file = await open(target, 'wx', readOnlyMode)
    this.#file = file
    if (digestAlgorithm(diffId) !== 'sha256') {
      for await (const chunk of proved(tar, diffId)) {
        await writeAll(file, chunk)
        yield chunk
      }
      return
    }
    await using writer = openHashingWriter(file.fd, { expectedSize: leastSize })
    for await (const chunk of tar) {
      await writer.append(chunk)
      yield chunk
    }
    const { digest, checksum } = await writer.finish()
    requireDiffId(diffId, `sha256:${digest}`)
    noteChecksum(file.fd, checksum)
  }
}

/** The contents of a layer's sparse files, as a file with holes; created at the first write. */
export class SparseFile {
  readonly #path: string
  #file: number | undefined

  constructor(path: string) {
    this.#path = path
  }

  write(piece: Uint8Array, position: number): void {
    writeAllNow(this.#open(), piece, position)
  }

  /** Sets the size of the file and makes it durable. */
  finish(size: number): void {
    fs().ftruncateSync(this.#open(), size)
    fs().fsyncSync(this.#open())
  }

  close(): void {
    if (this.#file !== undefined) fs().closeSync(this.#file)
    this.#file = undefined
  }

  #open(): number {
    this.#file ??= fs().openSync(this.#path, 'wx', readOnlyMode)
    return this.#file
  }
}

/** Links a read-only file under a second name; copies any other file. */
function linkOrCopy(from: string, to: string): void {
  const {
    constants,
    chmodSync,
    copyFileSync,
    fsyncSync,
    linkSync,
    lstatSync,
    openSync,
    closeSync,
  } = fs()
  const status = lstatSync(from)
  if (!status.isFile()) throw new StrakeError('INVALID', `Cannot import ${from}: it is not a file`)
  if ((status.mode & writableBits) === 0) {
    try {
      linkSync(from, to)
      return
    } catch (error) {
      if (!isSystemError(error, 'EXDEV', 'EMLINK', 'EPERM', 'EOPNOTSUPP')) throw error
    }
  }
  copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  chmodSync(to, readOnlyMode)
  const file = openSync(to, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
