import { expect, test } from 'bun:test'
import { packTar } from '#tar'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { isArchive } from './archive.ts'

const noBytes = new Uint8Array(0)

test('isArchive() checks the first block, in chunks of any size', async () => {
  const tar = await packTar([{ path: 'a-name-that-is-longer-than-one-piece', body: noBytes }])
  const text = Buffer.alloc(2000, 'no archive at all ')
  for (const size of [1, 100, 512, 5000]) {
    expect(await isArchive({ size: tar.length }, () => overwriting(tar, size))).toBe(true)
    expect(await isArchive({ size: text.length }, () => overwriting(text, size))).toBe(false)
  }
})
