import { encodeJson, sha256 } from '#oci'
import { type Bytes, createHasher } from '#stream'
import { encodeEntry, readTar, type TarEntry, type TarInput } from '#tar'

/** What is known of a blob after it was written. */
export interface EstargzFacts {
  /** The digest of the archive in the blob: that of the layer with its table of contents. */
  readonly diffId: ReturnType<typeof sha256>
  /** Bytes of that archive. */
  readonly tarSize: number
  /** The digest of the table of contents. */
  readonly tocDigest: ReturnType<typeof sha256>
}

/** Bytes of a file that one gzip member holds. */
const chunkSize = 4 * 1024 * 1024

const tocName = 'stargz.index.json'
const types: Readonly<Record<TarEntry['type'], string>> = {
  file: 'reg',
  hardlink: 'hardlink',
  symlink: 'symlink',
  character: 'char',
  block: 'block',
  directory: 'dir',
  fifo: 'fifo',
}

/**
 * Writes an archive as eStargz: a gzip file whose members can be read one by one. Every chunk of a
 * file is a member, and the last entry of the archive is a table of contents. The same archive and
 * level always give the same bytes. `onEnd` is called after the last byte.
 *
 * @see https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md
 */
export async function* writeEstargz(
  tar: Bytes,
  { level, onEnd }: { readonly level: number; readonly onEnd: (facts: EstargzFacts) => void },
): AsyncGenerator<Uint8Array> {
  const writer = new MemberWriter(level)
  const toc: object[] = []
  for await (const entry of readTar(tar)) {
    writer.keep(encodeEntry(inputOf(entry)))
    const described = describe(entry)
    if (entry.type !== 'file' || entry.size === 0) {
      toc.push(described)
      continue
    }
    yield* writer.flush()
    const chunks: object[] = []
    const content = createHasher()
    let position = 0
    for await (const chunk of chunksOf(entry.body)) {
      content.update(chunk)
      const place = { offset: writer.offset, chunkDigest: sha256(chunk) }
      const range = { ...(position > 0 && { chunkOffset: position }) }
      const size = entry.size - position > chunkSize ? { chunkSize } : {}
      chunks.push({ ...place, ...range, ...size })
      position += chunk.length
      yield* writer.member(chunk)
    }
    const [first, ...others] = chunks
    toc.push({ ...described, ...first, digest: content.digest() })
    for (const other of others) toc.push({ name: entry.path, type: 'chunk', ...other })
    writer.keep(padding(entry.size))
  }
  yield* writer.flush()
  const tocOffset = writer.offset
  const json = encodeJson({ version: 1, entries: toc })
  writer.keep(encodeEntry({ path: tocName, size: json.length }))
  writer.keep(json)
  writer.keep(padding(json.length))
  writer.keep(new Uint8Array(2 * blockSize))
  yield* writer.flush()
  yield footer(tocOffset)
  onEnd({ ...writer.end(), tocDigest: sha256(json) })
}

const blockSize = 512

/** Writes gzip members one after another, and hashes what they hold. */
class MemberWriter {
  readonly #level: number
  readonly #hasher = createHasher()
  #pending: Uint8Array[] = []
  #size = 0
  /** Bytes written. */
  offset = 0

  constructor(level: number) {
    this.#level = level
  }

  /** Holds bytes back for the next member. */
  keep(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#pending.push(bytes)
  }

  *flush(): Generator<Uint8Array> {
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    if (bytes.length > 0) yield* this.member(bytes)
  }

  *member(bytes: Uint8Array): Generator<Uint8Array> {
    this.#hasher.update(bytes)
    this.#size += bytes.length
    const { gzipSync } = process.getBuiltinModule('node:zlib')
    const member = gzipSync(bytes, { level: this.#level })
    this.offset += member.length
    yield member
  }

  end(): Pick<EstargzFacts, 'diffId' | 'tarSize'> {
    return { diffId: this.#hasher.digest(), tarSize: this.#size }
  }
}

async function* chunksOf(body: Bytes): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const part of body) {
    for (let start = 0; start < part.length; ) {
      const end = Math.min(part.length, start + chunkSize - size)
      // The reader may use the memory of its chunks again.
      held.push(part.slice(start, end))
      size += end - start
      start = end
      if (size < chunkSize) continue
      yield Buffer.concat(held)
      held = []
      size = 0
    }
  }
  if (size > 0) yield Buffer.concat(held)
}

function inputOf({ body: _, extents: __, ...entry }: TarEntry): TarInput {
  return entry
}

/** A name that is not UTF-8 cannot be found by the table. The archive keeps its bytes. */
function describe(entry: TarEntry): object {
  const { type, mode, uid, gid, mtime, size, linkpath, deviceMajor, deviceMinor, xattrs } = entry
  const attributes = Object.fromEntries(
    [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  )
  return {
    name: type === 'directory' ? `${entry.path}/` : entry.path,
    type: types[type],
    ...(size > 0 && { size }),
    modtime: new Date(mtime * 1000).toISOString().replace('.000Z', 'Z'),
    ...(linkpath !== '' && { linkName: linkpath }),
    mode,
    uid,
    gid,
    ...(deviceMajor > 0 && { devMajor: deviceMajor }),
    ...(deviceMinor > 0 && { devMinor: deviceMinor }),
    ...(xattrs.size > 0 && { xattrs: attributes }),
  }
}

function padding(size: number): Uint8Array {
  return new Uint8Array((blockSize - (size % blockSize)) % blockSize)
}

/** An empty gzip member of 51 bytes with the offset of the table of contents. */
function footer(tocOffset: number): Uint8Array {
  const field = Buffer.from(`${tocOffset.toString(16).padStart(16, '0')}STARGZ`)
  const head = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255]
  const extra = [field.length + 4, 0, 0x53, 0x47, field.length, 0]
  // One empty stored block, its checksum and its size.
  const empty = [1, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0]
  return Buffer.concat([Buffer.from([...head, ...extra]), field, Buffer.from(empty)])
}
