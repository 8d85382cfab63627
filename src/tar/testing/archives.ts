import type { Bytes } from '#stream'
import { overwriting } from '../../stream/testing/overwriting.ts'
import type { TarEntry } from '../entry.ts'
import { type ReadTarOptions, readTar } from '../read/read.ts'

/** Fields of a header block as text or bytes, written to their places without a check. */
export interface RawHeader {
  readonly name?: string | Uint8Array
  readonly mode?: string
  readonly uid?: string | Uint8Array
  readonly gid?: string | Uint8Array
  readonly size?: string | number | Uint8Array
  readonly mtime?: string | Uint8Array
  readonly flag?: string
  readonly linkname?: string
  readonly magic?: string
  readonly devmajor?: string
  readonly devminor?: string
  readonly prefix?: string
  /** Bytes at any offset. */
  readonly at?: Readonly<Record<number, string | Uint8Array>>
  readonly checksum?: string
}

const offsets = {
  name: 0,
  mode: 100,
  uid: 108,
  gid: 116,
  size: 124,
  mtime: 136,
  flag: 156,
  linkname: 157,
  magic: 257,
  devmajor: 329,
  devminor: 337,
  prefix: 345,
} as const

/** A header block with its checksum, and `contents` padded to whole blocks. */
export function rawEntry(header: RawHeader, contents: string | Uint8Array = ''): Uint8Array {
  const body = Buffer.from(contents)
  const block = Buffer.alloc(512)
  const size = header.size ?? body.length
  const fields = {
    name: 'x',
    mode: '0000644\0',
    flag: '0',
    magic: 'ustar\x0000',
    ...header,
    size: typeof size === 'number' ? `${size.toString(8).padStart(11, '0')}\0` : size,
  }
  for (const [key, offset] of Object.entries(offsets)) {
    const value = fields[key as keyof typeof offsets]
    if (value !== undefined) Buffer.from(value as string).copy(block, offset)
  }
  for (const [offset, value] of Object.entries(header.at ?? {})) {
    Buffer.from(value as string).copy(block, Number(offset))
  }
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(header.checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([block, body, Buffer.alloc((512 - (body.length % 512)) % 512)])
}

/** Records of a pax header, with their lengths. */
export function paxRecords(
  records: readonly (readonly [string, string | Uint8Array])[],
): Uint8Array {
  return Buffer.concat(
    records.map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
      let length = rest.length
      while (length !== rest.length + String(length).length) {
        length = rest.length + String(length).length
      }
      return Buffer.concat([Buffer.from(String(length)), rest])
    }),
  )
}

/** A pax header entry. */
export function rawPax(
  records: readonly (readonly [string, string | Uint8Array])[],
  flag = 'x',
): Uint8Array {
  return rawEntry({ name: 'PaxHeaders.0/x', flag }, paxRecords(records))
}

/** The parts in a row, and the two blocks that end an archive. */
export function rawArchive(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

/** `bytes` in chunks of `size`; each chunk reuses the memory of the one before. */
export function inChunks(bytes: Uint8Array, size: number = bytes.length || 1): Bytes {
  return overwriting(bytes, size)
}

export type ReadEntry = Omit<TarEntry, 'body'> & { readonly contents: Uint8Array }

/** Every entry of an archive with its contents. */
export async function readAll(
  archive: Uint8Array,
  options: ReadTarOptions & { readonly chunk?: number } = {},
): Promise<ReadEntry[]> {
  const { chunk, ...rest } = options
  const entries: ReadEntry[] = []
  for await (const { body, ...entry } of readTar(inChunks(archive, chunk), rest)) {
    const parts: Uint8Array[] = []
    for await (const part of body) parts.push(new Uint8Array(part))
    entries.push({ ...entry, contents: Buffer.concat(parts) })
  }
  return entries
}
