import { expect, test } from 'bun:test'
import { rawArchive, rawEntry } from '../testing/archives.ts'
import type { SkippableBytes } from './cursor.ts'
import { readTar } from './read.ts'

/** An archive in chunks of `chunk` bytes; `read` counts the bytes that were yielded. */
function skippable(archive: Uint8Array, chunk: number): SkippableBytes & { read: number } {
  let offset = 0
  return {
    read: 0,
    skip(size) {
      const step = Math.min(size, archive.length - offset)
      offset += step
      return step
    },
    async *[Symbol.asyncIterator]() {
      while (offset < archive.length) {
        const part = archive.slice(offset, offset + chunk)
        offset += part.length
        this.read += part.length
        yield part
      }
    },
  }
}

async function namesOf(bytes: SkippableBytes): Promise<string[]> {
  const names: string[] = []
  for await (const { path, dataOffset } of readTar(bytes)) names.push(`${path} at ${dataOffset}`)
  return names
}

test.each([1, 100, 512, 700, 4096])(
  'readTar() finds the same entries in chunks of %d bytes without reading the bodies',
  async (chunk) => {
    const archive = rawArchive(
      rawEntry({ name: 'a' }, 'x'.repeat(100_001)),
      rawEntry({ name: 'b' }, ''),
      rawEntry({ name: 'c' }, 'y'.repeat(50_000)),
    )
    const bytes = skippable(archive, chunk)
    expect(await namesOf(bytes)).toEqual(['a at 512', 'b at 101376', 'c at 101888'])
    expect(bytes.read).toBeLessThan(5 * 512 + archive.length - 152_000 + 3 * chunk)
  },
)

test('readTar() reads a body of skippable bytes, and skips the rest of it', async () => {
  const archive = rawArchive(
    rawEntry({ name: 'a' }, 'x'.repeat(3000)),
    rawEntry({ name: 'b' }, 'second'),
  )
  const seen: string[] = []
  for await (const entry of readTar(skippable(archive, 600))) {
    for await (const part of entry.body) {
      seen.push(`${entry.path} ${String.fromCharCode(part[0] ?? 0)}`)
      break
    }
  }
  expect(seen).toEqual(['a x', 'b s'])
})

test('readTar() refuses skippable bytes that end inside a body', async () => {
  const archive = rawEntry({ name: 'a' }, 'x'.repeat(100_000)).subarray(0, 50_000)
  await expect(namesOf(skippable(archive, 4096))).rejects.toThrow('ends inside its contents')
})
