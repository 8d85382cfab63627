import type { FileHandle } from 'node:fs/promises'
import { limits, parseJson, StrakeError } from '#oci'
import { decodeWithProgram, mkdtempDisposable, writeAll } from '#platform'
import { type Bytes, decompress, detectCompression, detectLength, toBuffer } from '#stream'
import {
  cleanPath,
  parentPath,
  printableName,
  readTar,
  type SkippableBytes,
  type TarEntry,
} from '#tar'

/**
 * An archive of images whose members can be read by name, in any order. A name is a key into the
 * archive, never a path on this machine. Links are followed only within the archive.
 */
export interface Archive extends AsyncDisposable {
  has(name: string): boolean
  /** Size of the member in bytes. Throws `INVALID` when there is no such member. */
  sizeOf(name: string): number
  read(name: string, range?: { readonly start?: number; readonly end?: number }): Bytes
  /** Parses the member as JSON of at most 20 MiB. */
  readJson(name: string): Promise<unknown>
}

const chunkSize = 1024 * 1024
/** Bytes that are read where a header is expected. */
const headerChunkSize = 64 * 1024

/** The most members of an archive. */
const entryLimit = 100_000

/** The most links that are followed for one name. */
const linkLimit = 16

type Member =
  | { readonly kind: 'file'; readonly offset: number; readonly size: number }
  | { readonly kind: 'link'; readonly target: string | undefined }

/**
 * Opens an archive, compressed or not. A stream or a compressed file is first written to a
 * temporary file in `directory`, which is removed with the archive.
 */
export async function openArchive(
  input: Bytes | { readonly path: string },
  directory: string,
  signal?: AbortSignal,
): Promise<Archive> {
  await using stack = new AsyncDisposableStack()
  const file = await seekable(input, directory, stack)
  const members = await findMembers(file, signal)
  const resources = stack.move()
  return new OpenArchive(file, members, resources)
}

async function seekable(
  input: Bytes | { readonly path: string },
  directory: string,
  stack: AsyncDisposableStack,
): Promise<FileHandle> {
  if (!('path' in input)) return await spool(input, directory, stack)
  const file = stack.adopt(await open(input.path, 'r'), close)
  const head = await toBuffer(readRange(file, 0, detectLength), detectLength)
  if (detectCompression(head) === 'none') return file
  return await spool(readRange(file, 0, Number.POSITIVE_INFINITY), directory, stack)
}

async function spool(
  bytes: Bytes,
  directory: string,
  stack: AsyncDisposableStack,
): Promise<FileHandle> {
  const temporary = stack.use(await mkdtempDisposable(directory, 'load-'))
  const file = stack.adopt(await open(`${temporary.path}/archive.tar`, 'wx+', 0o600), close)
  const plain = decompress(bytes, { foreign: decodeWithProgram })
  for await (const chunk of plain) await writeAll(file, chunk)
  return file
}

/** `node:fs/promises` is loaded only when it is used: loading it takes milliseconds. */
function open(path: string, flags: string, mode?: number): Promise<FileHandle> {
  return process.getBuiltinModule('node:fs/promises').open(path, flags, mode)
}

function close(file: FileHandle): Promise<void> {
  return file.close()
}

async function findMembers(
  file: FileHandle,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Member>> {
  const members = new Map<string, Member>()
  const bytes = new FileBytes(file, (await file.stat()).size)
  for await (const entry of readTar(bytes, { entries: entryLimit })) {
    signal?.throwIfAborted()
    const member = memberOf(entry)
    if (member === undefined) continue
    const name = cleanPath(entry.path)
    if (name === undefined) throw invalid(`${printableName(entry.path)} leads out of it`)
    if (members.has(name)) throw invalid(`${printableName(name)} is in it twice`)
    members.set(name, member)
  }
  return members
}

/** The member for an entry; `undefined` for directories and devices. */
function memberOf(entry: TarEntry): Member | undefined {
  const { type, size, dataOffset, linkpath, path } = entry
  if (entry.extents !== undefined) throw invalid(`${printableName(path)} is a sparse file`)
  if (type === 'file') return { kind: 'file', offset: dataOffset, size }
  if (type === 'hardlink') return { kind: 'link', target: cleanPath(linkpath) }
  if (type !== 'symlink') return undefined
  const parent = parentPath(cleanPath(path) ?? '')
  return {
    kind: 'link',
    target: cleanPath(linkpath.startsWith('/') ? linkpath : `${parent}/${linkpath}`),
  }
}

class OpenArchive implements Archive {
  readonly #file: FileHandle
  readonly #members: ReadonlyMap<string, Member>
  readonly #resources: AsyncDisposableStack

  constructor(
    file: FileHandle,
    members: ReadonlyMap<string, Member>,
    resources: AsyncDisposableStack,
  ) {
    this.#file = file
    this.#members = members
    this.#resources = resources
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  sizeOf(name: string): number {
    return this.#get(name).size
  }

  read(name: string, { start = 0, end }: { start?: number; end?: number } = {}): Bytes {
    const { offset, size } = this.#get(name)
    return readInPlace(this.#file, offset + start, offset + Math.min(end ?? size, size))
  }

  async readJson(name: string): Promise<unknown> {
    const raw = await toBuffer(this.read(name), limits.archiveJsonSize, name)
    return parseJson(raw, name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync()
  }

  #get(name: string): { readonly offset: number; readonly size: number } {
    const member = this.#find(name)
    if (member !== undefined) return member
    throw invalid(`${printableName(name.slice(0, 300))} is not in it`)
  }

  #find(name: string): { readonly offset: number; readonly size: number } | undefined {
    let key = cleanPath(name)
    for (let links = 0; key !== undefined && links <= linkLimit; links++) {
      const member = this.#members.get(key)
      if (member === undefined) return undefined
      if (member.kind === 'file') return member
      key = member.target
    }
    return undefined
  }
}

/** Yields a range of a file; each chunk reuses the same buffer. */
async function* readInPlace(
  file: FileHandle,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, end - start))
  for (let offset = start; offset < end; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - offset), offset)
    if (bytesRead === 0) return
    offset += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** The headers of an archive are read, and the contents of its members passed over. */
class FileBytes implements SkippableBytes {
  readonly #file: FileHandle
  readonly #size: number
  #offset = 0

  constructor(file: FileHandle, size: number) {
    this.#file = file
    this.#size = size
  }

  skip(size: number): number {
    const step = Math.min(size, this.#size - this.#offset)
    this.#offset += step
    return step
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.allocUnsafeSlow(headerChunkSize)
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#offset)
      if (bytesRead === 0) return
      this.#offset += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }
}

/** Yields a range of a file in buffers of their own. */
async function* readRange(
  file: FileHandle,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  for (let offset = start; offset < end; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, end - offset))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset)
    if (bytesRead === 0) return
    offset += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** The error for an archive that is refused. */
export function invalid(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot load the archive: ${reason}`)
}
