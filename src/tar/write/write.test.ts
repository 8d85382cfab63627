import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { noise, overwriting } from '../../stream/testing/overwriting.ts'
import type { TarInput } from '../entry.ts'
import { inChunks, readAll } from '../testing/archives.ts'
import { encodeEntry } from './encode.ts'
import { packTar, writeTar } from './write.ts'

test('encodeEntry() needs one block when ustar is enough', () => {
  const block = Buffer.from(encodeEntry({ path: 'etc/motd', size: 5, mtime: 10 }))
  expect(block.length).toBe(512)
  expect(block.toString('latin1', 0, 9)).toBe('etc/motd\0')
  expect(block.toString('latin1', 100, 156)).toBe(
    '0000644\x000000000\x000000000\x0000000000005\x0000000000012\x00007404\0 ',
  )
  expect(block.toString('latin1', 156, 157)).toBe('0')
  expect(block.toString('latin1', 257, 265)).toBe('ustar\x0000')
})

test.each<[string, TarInput]>([
  ['a name of 100 bytes', { path: 'n'.repeat(100) }],
  ['a name that fits prefix and name', { path: `${'p'.repeat(155)}/${'n'.repeat(100)}` }],
  [
    'a directory that fits both',
    { path: `${'p'.repeat(155)}/${'n'.repeat(99)}`, type: 'directory' },
  ],
  ['the largest ids', { path: 'x', uid: 0o7777777, gid: 0o7777777 }],
  ['the latest time', { path: 'x', mtime: 0o77777777777 }],
  ['bytes that are not text', { path: 'a\udcff\udc80' }],
])('encodeEntry() fits %s into one block', async (_, input) => {
  const header = encodeEntry(input)
  expect(header.length).toBe(512)
  expect((await readAll(header))[0]).toMatchObject(input)
})

test.each<[string, TarInput]>([
  ['a long name', { path: `${'d/'.repeat(300)}ü` }],
  ['a long component', { path: 'c'.repeat(255) }],
  ['a long name of a directory', { path: `a/${'c'.repeat(200)}`, type: 'directory' }],
  ['a long target', { path: 'x', type: 'symlink', linkpath: '../'.repeat(80) }],
  ['large ids', { path: 'x', uid: 0o10000000, gid: 4294967294 }],
  ['a time before 1970', { path: 'x', mtime: -5 }],
  ['fractions of a second', { path: 'x', mtime: -2, mtimeNanoseconds: 250_000_000 }],
  ['nanoseconds', { path: 'x', mtime: 1700000000, mtimeNanoseconds: 1 }],
  ['attributes', { path: 'x', xattrs: new Map([['user.ü', Uint8Array.of(0, 10, 61, 200)]]) }],
  [
    'large device numbers',
    { path: 'x', type: 'block', deviceMajor: 4095, deviceMinor: 0o7777777 + 1 },
  ],
])('encodeEntry() keeps %s in a pax header', async (_, input) => {
  const header = encodeEntry(input)
  expect(header.length).toBeGreaterThan(512)
  expect((await readAll(header))[0]).toMatchObject(input)
})

test('encodeEntry() keeps a size beyond 8 GiB', () => {
  const text = Buffer.from(encodeEntry({ path: 'x', size: 8589934592 })).toString('latin1')
  expect(text).toContain('19 size=8589934592\n')
})

test('encodeEntry() refuses names with a NUL, and empty names', () => {
  expect(() => encodeEntry({ path: 'a\0b' })).toThrow('Cannot write tar entry "a\\u{0}b"')
  expect(() => encodeEntry({ path: '' })).toThrow('bad name')
})

test('writeTar() yields the same bytes for the same entries, for any chunks of bodies', async () => {
  const body = Buffer.from('x'.repeat(300_000))
  const whole = await packTar([{ path: 'a', body }, { path: 'b' }])
  const streamed = await packTar([
    { path: 'a', size: body.length, body: inChunks(body, 999) },
    { path: 'b', body: new Uint8Array(0) },
  ])
  expect(Buffer.compare(whole, streamed)).toBe(0)
  expect(whole.length).toBe(512 + 300_032 + 512 + 1024)
  expect((await readAll(whole)).map(({ path, size }) => [path, size])).toEqual([
    ['a', 300_000],
    ['b', 0],
  ])
})

test.each([
  ['shorter', 4],
  ['longer', 6],
])('writeTar() refuses a body that is %s than announced', async (_, size) => {
  const pack = packTar([{ path: 'log', size, body: fromBuffer(Buffer.from('12345')) }])
  await expect(pack).rejects.toThrow(
    `Cannot write tar entry log: it has 5 bytes where ${size} were announced`,
  )
  await expect(packTar([{ path: 'log', size, body: Buffer.from('12345') }])).rejects.toThrow(
    'it has 5',
  )
})

test('writeTar() refuses an entry without its contents', async () => {
  await expect(packTar([{ path: 'log', size: 5 }])).rejects.toThrow('it has 0 bytes where 5')
})

test('writeTar() yields chunks of at least 64 KiB, except the last', async () => {
  const inputs = Array.from({ length: 400 }, (_, i) => ({
    path: `f${i}`,
    body: new Uint8Array(i * 5),
  }))
  const sizes: number[] = []
  for await (const chunk of writeTar(inputs)) sizes.push(chunk.length)
  expect(sizes.length).toBeGreaterThan(1)
  expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(65_536)
})

test('writeTar() requests an entry only after the previous one was written', async () => {
  const shared = Buffer.alloc(4)
  const inputs = function* (): Generator<TarInput> {
    for (const text of ['aaaa', 'bbbb']) yield { path: text, body: Buffer.from(text).fill(text, 0) }
    for (const text of ['cccc', 'dddd']) {
      shared.write(text)
      yield { path: text, body: shared }
    }
  }
  const entries = await readAll(await packTar(inputs()))
  expect(entries.map(({ contents }) => String(contents))).toEqual(['aaaa', 'bbbb', 'cccc', 'dddd'])
})

test('packTar() accepts a body that reuses one buffer', async () => {
  const content = noise(700_000)
  const body = overwriting(content, 200_000)
  const [entry] = await readAll(await packTar([{ path: 'large', size: content.length, body }]))
  expect(Buffer.compare(entry?.contents ?? new Uint8Array(0), content)).toBe(0)
})
