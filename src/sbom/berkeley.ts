import { viewOf } from './elf.ts'
import { ScanError, type ScannedFile } from './package.ts'

/** Numbers of the format: the magic of a hash table, types of pages, and a type of items. */
const hashMagic = 0x061561
const [unsortedPage, overflowPage, hashPage] = [2, 7, 13]
const [itemHere, itemElsewhere] = [1, 3]

/** Bytes of the head of a page, and of an item that is on other pages. */
const [pageHead, elsewhereSize] = [26, 12]

/** The places of fields in the head of a page. */
const places = { next: 16, entries: 20, used: 22, type: 25 } as const

interface Database {
  readonly file: ScannedFile
  readonly pageSize: number
  readonly pages: number
  readonly isLittle: boolean
}

/**
 * Yields the values of a hash table of Berkeley DB. The file may be hostile: each page of a value
 * counts once, so that the work is in proportion to the size of the file. Throws `ScanError`.
 */
export async function* readHashValues(
  file: ScannedFile,
  largest: number,
): AsyncGenerator<Uint8Array> {
  const database = await openDatabase(file)
  const { pageSize, pages, isLittle } = database
  const read = new Set<number>()
  for (let number = 1; number < pages; number++) {
    const page = await file.read(number * pageSize, pageSize)
    if (page.length < pageSize) return
    const view = viewOf(page)
    const type = view.getUint8(places.type)
    if (type !== hashPage && type !== unsortedPage) continue
    const entries = Math.min(
      view.getUint16(places.entries, isLittle),
      Math.floor((pageSize - pageHead) / 2),
    )
    // Keys and values alternate.
    for (let entry = 1; entry < entries; entry += 2) {
      const item = view.getUint16(pageHead + entry * 2, isLittle)
      if (item < pageHead || item >= pageSize) continue
      if (view.getUint8(item) === itemHere) {
        // Items are written from the end of the page, so the one before begins where this ends.
        const end = view.getUint16(pageHead + (entry - 1) * 2, isLittle)
        if (end > item && end <= pageSize) yield page.subarray(item + 1, end)
        continue
      }
      if (item + elsewhereSize > pageSize || view.getUint8(item) !== itemElsewhere) continue
      const first = view.getUint32(item + 4, isLittle)
      const size = view.getUint32(item + 8, isLittle)
      if (size > largest) throw new ScanError('a value of it is too large')
      yield await readChain(database, { first, size }, read)
    }
  }
}

async function openDatabase(file: ScannedFile): Promise<Database> {
  const head = await file.read(0, 72)
  if (head.length < 72) throw new ScanError('it is no database of Berkeley DB')
  const view = viewOf(head)
  // Numbers are in the order of the machine that wrote them.
  const isLittle = view.getUint32(12, true) === hashMagic
  if (!isLittle && view.getUint32(12, false) !== hashMagic) {
    throw new ScanError('it is no hash table of Berkeley DB')
  }
  if (view.getUint8(24) !== 0) throw new ScanError('it is encrypted')
  const pageSize = view.getUint32(20, isLittle)
  const isPower = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0
  if (!isPower) throw new ScanError('its pages have an impossible size')
  return { file, pageSize, pages: Math.ceil(file.size / pageSize), isLittle }
}

/** Joins the parts of a value, which are a chain of pages. */
async function readChain(
  { file, pageSize, pages, isLittle }: Database,
  { first, size }: { readonly first: number; readonly size: number },
  read: Set<number>,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let left = size
  for (let number = first; left > 0; ) {
    if (number === 0 || number >= pages || read.has(number)) {
      throw new ScanError('the pages of a value of it are damaged')
    }
    read.add(number)
    const page = await file.read(number * pageSize, pageSize)
    if (page.length < pageHead) throw new ScanError('a page of it is missing')
    const view = viewOf(page)
    const used = Math.min(view.getUint16(places.used, isLittle), left, page.length - pageHead)
    if (view.getUint8(places.type) !== overflowPage || used === 0) {
      throw new ScanError('a page of it has another type than expected')
    }
    parts.push(page.subarray(pageHead, pageHead + used))
    left -= used
    number = view.getUint32(places.next, isLittle)
  }
  return Buffer.concat(parts)
}
