import { readHashValues } from './berkeley.ts'
import { viewOf } from './elf.ts'
import { type Cataloger, ScanError, type ScannedFile } from './package.ts'
import { readRpmHeader } from './rpm-header.ts'
import { readTable } from './sqlite.ts'

/** The most bytes of one header. That of a kernel has 3 MiB. */
const largestHeader = 64 * 2 ** 20

/** Bytes of a number that is no header. */
const numberSize = 4

/** The databases of rpm: SQLite, the "new database" of SUSE, or Berkeley DB before 2020. */
export const rpm: Cataloger = {
  source: 'the database of rpm',
  wants: ({ path }) =>
    /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\/(?:rpmdb\.sqlite|Packages\.db|Packages)$/.test(
      path,
    ),
  async *read(file) {
    const headers = headersOf(file)
    let size = 0
    for await (const blob of headers) {
      size += blob.length
      // Entries that lead to the same bytes could make a small file describe without end.
      if (size > file.size) throw new ScanError('its headers are larger than the file')
      // Berkeley DB also has the number of the last header.
      if (blob.length === numberSize) continue
      const found = readRpmHeader(blob)
      if (found !== undefined) yield found
    }
  },
}

function headersOf(file: ScannedFile): AsyncIterable<Uint8Array> {
  if (file.path.endsWith('.sqlite')) {
    return readTable(file, { name: 'Packages', column: 1, largest: largestHeader })
  }
  return file.path.endsWith('.db') ? ndbHeaders(file) : readHashValues(file, largestHeader)
}

const [pageSize, slotSize, blockSize] = [4096, 16, 16]
const [ndbMagic, slotMagic, blobMagic] = [0x506d7052, 0x746f6c53, 0x53626c42]

/** The most pages of slots. Each has 256 slots, and each slot a package. */
const mostSlotPages = 4096

/** The headers of a "new database": slots at its beginning name the places of headers. */
async function* ndbHeaders(file: ScannedFile): AsyncGenerator<Uint8Array> {
  const head = viewOf(await file.read(0, 32))
  if (head.byteLength < 32 || head.getUint32(0, true) !== ndbMagic) {
    throw new ScanError('it is no database of rpm')
  }
  const pages = head.getUint32(12, true)
  if (pages > mostSlotPages) throw new ScanError('it has too many pages')
  const slots = viewOf(await file.read(0, pages * pageSize))
  // The first two places are the head of the file.
  for (let at = 2 * slotSize; at + slotSize <= slots.byteLength; at += slotSize) {
    if (slots.getUint32(at, true) !== slotMagic) continue
    const [index, place] = [slots.getUint32(at + 4, true), slots.getUint32(at + 8, true)]
    if (index === 0 || place === 0) continue
    yield await ndbBlob(file, place * blockSize, index)
  }
}

async function ndbBlob(file: ScannedFile, offset: number, index: number): Promise<Uint8Array> {
  const head = viewOf(await file.read(offset, 16))
  if (head.byteLength < 16 || head.getUint32(0, true) !== blobMagic) {
    throw new ScanError('a slot of it leads to no header')
  }
  const size = head.getUint32(12, true)
  if (head.getUint32(4, true) !== index || size > largestHeader) {
    throw new ScanError('a header of it is damaged')
  }
  return await file.read(offset + 16, size)
}
