import type { ScannedFile } from './package.ts'

/** A stretch of a file. */
export interface Stretch {
  readonly offset: number
  readonly size: number
}

/** The most bytes of the tables of an ELF file. */
const largestTable = 2 ** 20

/** Returns the section of a name in an ELF file, or `undefined` for none and for other files. */
export async function findSection(file: ScannedFile, name: string): Promise<Stretch | undefined> {
  const head = await file.read(0, 64)
  if (head.length < 64 || !isElf(head)) return undefined
  const isWide = head[4] === 2
  const isLittle = head[5] === 1
  const view = viewOf(head)
  const table = isWide ? Number(view.getBigUint64(40, isLittle)) : view.getUint32(32, isLittle)
  const [entrySize, count, names] = [0, 2, 4].map((at) =>
    view.getUint16((isWide ? 58 : 46) + at, isLittle),
  )
  if (entrySize === undefined || count === undefined || names === undefined) return undefined
  const least = isWide ? 64 : 40
  if (entrySize < least || count === 0 || entrySize * count > largestTable) return undefined
  const headers = await readPart(file, { offset: table, size: entrySize * count })
  if (headers === undefined || names >= count) return undefined
  const sections = viewOf(headers)
  const stretchAt = (index: number): Stretch => {
    const at = index * entrySize
    return isWide
      ? {
          offset: Number(sections.getBigUint64(at + 24, isLittle)),
          size: Number(sections.getBigUint64(at + 32, isLittle)),
        }
      : {
          offset: sections.getUint32(at + 16, isLittle),
          size: sections.getUint32(at + 20, isLittle),
        }
  }
  const texts = await readPart(file, stretchAt(names))
  if (texts === undefined) return undefined
  const wanted = new TextEncoder().encode(`${name}\0`)
  for (let index = 0; index < count; index++) {
    const at = sections.getUint32(index * entrySize, isLittle)
    if (wanted.every((byte, place) => texts[at + place] === byte)) return stretchAt(index)
  }
  return undefined
}

export function isElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46
}

async function readPart(
  file: ScannedFile,
  { offset, size }: Stretch,
): Promise<Uint8Array | undefined> {
  if (size > largestTable || !Number.isSafeInteger(offset + size)) return undefined
  const part = await file.read(offset, size)
  return part.length === size ? part : undefined
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
