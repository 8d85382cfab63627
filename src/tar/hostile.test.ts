import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { StrakeError } from '#oci'
import { readTar } from './read/read.ts'
import { inChunks, rawArchive, rawEntry, rawPax, readAll } from './testing/archives.ts'
import { packTar } from './write/write.ts'

// Archives that readers could understand in different ways are refused.
test.each([
  ['a file named like a directory', rawEntry({ name: 'd/' }), 'with the name of a directory'],
  ['a NUL in a path', rawEntry({ flag: 'x' }, '10 path=\0\n'), 'a NUL in path'],
  ['a size that is not a number', rawPax([['size', '1e3']]), 'a size that is not a number'],
  ['a negative size', rawPax([['size', '-1']]), 'a size that is not a number'],
  ['a path that looks like a number and an empty key', rawEntry({ flag: 'x' }, '6 =12\n'), 'a key'],
  ['a record longer than its header', rawEntry({ flag: 'x' }, '99 path=a\n'), 'a wrong length'],
  ['a record that ends elsewhere', rawEntry({ flag: 'x' }, '9 path=ab\n'), 'a wrong length'],
  ['a record without length', rawEntry({ flag: 'x' }, 'path=a\n'), 'a wrong length'],
  ['a record of length 0', rawEntry({ flag: 'x' }, '0 path=a\n'), 'a wrong length'],
  ['digits after a NUL', rawEntry({ size: '\x0000000001\0' }), 'its size field is not a number'],
  ['a link without target', rawEntry({ flag: '2' }), 'it has no link target'],
  ['no name', rawEntry({ name: '' }), 'it has no name'],
])('readTar() refuses %s', async (_, bytes, reason) => {
  const read = readAll(rawArchive(bytes, rawEntry({})))
  await expect(read).rejects.toThrow(reason)
  await expect(read).rejects.toBeInstanceOf(StrakeError)
})

test('readTar() applies a pax size only to contents, never to other headers', async () => {
  // Known as TARmageddon: a reader that skips by the ustar size finds the hidden entry; one that
  // skips by the pax size does not.
  const hidden = rawEntry({ name: 'hidden' }, 'h')
  const archive = rawArchive(
    rawPax([['size', String(hidden.length)]]),
    rawEntry({ name: 'outer', size: 0 }),
    hidden,
    rawEntry({ name: 'last' }),
  )
  expect((await readAll(archive)).map(({ path }) => path)).toEqual(['outer', 'last'])
  const sized = rawArchive(
    rawPax([['size', '5']]),
    rawEntry({ flag: 'L' }, `${'n'.repeat(120)}\0`),
    rawEntry({ size: 0 }),
    Buffer.from('12345'.padEnd(512, '\0')),
    rawEntry({ name: 'last' }),
  )
  expect((await readAll(sized)).map(({ path, size }) => [path, size])).toEqual([
    ['n'.repeat(120), 5],
    ['last', 0],
  ])
})

test('readTar() bounds extended headers, entries, paths, components and depth', async () => {
  const long = rawPax([['comment', 'x'.repeat(2_000_000)]])
  await expect(readAll(rawArchive(long, rawEntry({})))).rejects.toThrow('larger than 1048576 bytes')
  const claimed = rawEntry({ flag: 'L', size: '77777777777\0' })
  await expect(readAll(claimed)).rejects.toThrow('larger than 1048576 bytes')
  const many = rawArchive(...Array.from({ length: 11 }, () => rawEntry({})))
  await expect(readAll(many, { entries: 10 })).rejects.toThrow('more than 10 entries')
  const globals = rawArchive(...Array.from({ length: 11 }, () => rawPax([['comment', '']], 'g')))
  await expect(readAll(globals, { entries: 10 })).rejects.toThrow('more than 10 entries')
  const named = (path: string): Promise<unknown> =>
    readAll(rawArchive(rawPax([['path', path]]), rawEntry({})))
  await expect(named(`${'abc/'.repeat(1024)}x`)).rejects.toThrow('longer than 4096 bytes')
  await expect(named('c'.repeat(256))).rejects.toThrow('a component longer than 255 bytes')
  await expect(named('ü'.repeat(128))).rejects.toThrow('a component longer than 255 bytes')
  await expect(named(`${'a/'.repeat(1024)}x`)).rejects.toThrow('deeper than 1024 directories')
  await named(`${'a/'.repeat(1000)}${'c'.repeat(255)}`)
})

test.each<[string, Parameters<typeof rawEntry>[0], string]>([
  ['a negative size', { size: Buffer.alloc(12, 0xff) }, 'its size is negative'],
  ['a size beyond 2^53', { size: Buffer.from('8000000000ffffffffffffff', 'hex') }, 'size field'],
  ['a negative owner', { uid: Buffer.alloc(8, 0xff) }, 'its uid is negative'],
  ['the owner -1', { uid: Buffer.from('80000000ffffffff', 'hex') }, 'its owner is out of range'],
  ['an owner of 33 bits', { gid: Buffer.from('8000000100000000', 'hex') }, 'its owner is out'],
])('readTar() refuses %s', async (_, header, reason) => {
  await expect(readAll(rawArchive(rawEntry(header)))).rejects.toThrow(reason)
})

test('readTar() throws at once when a size is larger than the archive', async () => {
  const archive = rawArchive(rawEntry({ name: 'big', size: '77777777777\0' }, 'x'))
  await expect(readAll(archive)).rejects.toThrow(
    'Cannot read tar entry big at offset 0: the archive ends inside its contents',
  )
})

test('readTar() refuses wrong checksums and accepts the signed ones of old writers', async () => {
  await expect(readAll(rawArchive(rawEntry({ checksum: '000001\0 ' })))).rejects.toThrow(
    'wrong checksum',
  )
  const block = Buffer.from(rawEntry({ name: 'é' }))
  let signed = 0
  for (let i = 0; i < 512; i++) signed += i >= 148 && i < 156 ? 32 : block.readInt8(i)
  block.write(`${signed.toString(8).padStart(6, '0')}\0 `, 148)
  expect((await readAll(rawArchive(block)))[0]?.path).toBe('é')
})

test.each(['8', 'A', 'D', 'M', 'N', 'V', 'X', 'a', '\xff'])(
  'readTar() refuses an entry of type %p',
  async (flag) => {
    const bytes = Buffer.from(flag, 'latin1')
    const archive = rawArchive(rawEntry({ name: 'odd', at: { 156: bytes } }))
    await expect(readAll(archive)).rejects.toThrow(
      'Cannot read tar entry odd at offset 0: its type',
    )
  },
)

test('readTar() refuses an archive that ends or restarts in the middle', async () => {
  const whole = rawArchive(rawPax([['path', 'a']]), rawEntry({}, 'x'.repeat(1000)))
  for (let length = 1; length < 512 * 6; length += 37) {
    if (length % 512 === 0) continue
    await expect(readAll(whole.subarray(0, length))).rejects.toThrow('the archive ends inside')
  }
  await expect(readAll(whole.subarray(0, 1024))).rejects.toThrow(
    'no entry follows an extended header',
  )
  const restarted = Buffer.concat([rawEntry({}), Buffer.alloc(512), rawEntry({})])
  await expect(readAll(restarted)).rejects.toThrow('an entry follows a zero block')
})

test('readTar() names entry and offset in a form that is safe to print', async () => {
  const archive = rawArchive(rawEntry({}), rawEntry({ name: '\x1b[31m', checksum: '000001\0 ' }))
  await expect(readAll(archive)).rejects.toThrow('Cannot read tar entry x at offset 512')
  const named = rawArchive(rawEntry({ name: '\x1b[31m', flag: 'V' }))
  await expect(readAll(named)).rejects.toThrow('Cannot read tar entry "\\u{1b}[31m" at offset 0')
})

test('readTar() reads or refuses any damaged archive, and never hangs or crashes', async () => {
  const whole = await packTar([
    { path: 'dir', type: 'directory' },
    { path: `dir/${'long'.repeat(40)}`, body: Buffer.from('x'.repeat(700)) },
    { path: 'link', type: 'symlink', linkpath: 'dir' },
    { path: 'owned', uid: 3_000_000, xattrs: new Map([['user.a', Buffer.from('1')]]) },
  ])
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(whole.length), fc.boolean(), async (changes, length, mend) => {
      const bytes = Buffer.from(whole.subarray(0, length))
      for (const [at, value] of changes) if (at < length) bytes[at] = value
      if (mend) for (let at = 0; at + 512 <= length; at += 512) mendChecksum(bytes, at)
      await survives(bytes)
    }),
    { numRuns: 2000 },
  )
})

function mendChecksum(bytes: Buffer, at: number): void {
  const block = bytes.subarray(at, at + 512)
  if (block[257] !== 0x75) return
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}

async function survives(bytes: Uint8Array): Promise<void> {
  let read = 0
  try {
    for await (const entry of readTar(inChunks(bytes, 333), { sparseSize: 1_000_000 })) {
      for await (const part of entry.body) read += part.length
    }
  } catch (error) {
    if (!(error instanceof StrakeError)) throw error
  }
  expect(read).toBeLessThan(10_000_000)
}
