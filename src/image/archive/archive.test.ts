import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import { toBuffer } from '#stream'
import { packTar } from '#tar'
import { openArchive } from './archive.ts'

const mebibyte = 1024 * 1024
let base = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-archive-`)
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

/** The bytes that this process has read by system calls. */
const bytesRead = (): number =>
  Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1])

test('openArchive() finds members without reading their contents', async () => {
  const large = new Uint8Array(16 * mebibyte).fill(7)
  const path = `${base}/archive.tar`
  writeFileSync(
    path,
    await packTar([
      { path: 'large', body: large },
      { path: 'small', body: Buffer.from('hi') },
    ]),
  )
  const before = bytesRead()
  await using archive = await openArchive({ path }, base)
  expect(archive.sizeOf('large')).toBe(large.length)
  expect(String(Buffer.from(await toBuffer(archive.read('small'), 10)))).toBe('hi')
  expect(bytesRead() - before).toBeLessThan(mebibyte)
  expect(Buffer.from(await toBuffer(archive.read('large'), large.length)).equals(large)).toBe(true)
})

test('openArchive() refuses an archive that ends inside a member', async () => {
  const whole = await packTar([{ path: 'large', body: new Uint8Array(mebibyte) }])
  const cut = whole.subarray(0, mebibyte / 2)
  for (const bytes of [cut, gzipSync(cut)]) {
    writeFileSync(`${base}/cut.tar`, bytes)
    const opening = openArchive({ path: `${base}/cut.tar` }, base)
    await expect(opening).rejects.toThrow('the archive ends inside its contents')
  }
})
