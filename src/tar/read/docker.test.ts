import { expect, test } from 'bun:test'
import { rawArchive, rawEntry, rawPax, readAll } from '../testing/archives.ts'

// Readers differ in how they read these archives; we read them as Docker does.

test.each(['1', '2', '3', '4', '5', '6'])(
  'readTar() expects no contents after a header of type %p, whatever size it has',
  async (flag) => {
    const odd = rawEntry({ name: 'odd', flag, linkname: 'y', size: 1_000_000 })
    for (const archive of [
      rawArchive(odd, rawEntry({ name: 'next' }, 'next')),
      rawArchive(
        rawPax([['size', '1024']]),
        rawEntry({ name: 'odd', flag, linkname: 'y' }),
        rawEntry({ name: 'next' }, 'next'),
      ),
    ]) {
      const entries = await readAll(archive)
      expect(entries.map(({ path, size }) => [path, size])).toEqual([
        ['odd', 0],
        ['next', 4],
      ])
      expect(Buffer.from(entries[1]?.contents ?? []).toString()).toBe('next')
    }
  },
)

test('readTar() refuses an archive whose links have contents', async () => {
  const archive = rawArchive(rawEntry({ flag: '2', linkname: 'y' }, 'contents'), rawEntry({}))
  await expect(readAll(archive)).rejects.toThrow('wrong checksum')
})

test('readTar() ignores global headers', async () => {
  const archive = rawArchive(
    rawPax(
      [
        ['path', 'global'],
        ['linkpath', 'global'],
        ['size', '7'],
        ['uid', '7'],
        ['gid', '7'],
        ['mtime', '7'],
        ['SCHILY.devmajor', '7'],
        ['SCHILY.xattr.user.x', '7'],
        ['GNU.sparse.major', '1'],
      ],
      'g',
    ),
    rawEntry({ name: 'a' }, 'a'),
    rawPax([['mtime', '9']]),
    rawEntry({ name: 'b' }, 'b'),
  )
  const usual = { uid: 0, gid: 0, size: 1, deviceMajor: 0, xattrs: new Map() }
  expect(await readAll(archive)).toMatchObject([
    { path: 'a', mtime: 0, ...usual },
    { path: 'b', mtime: 9, ...usual },
  ])
  await expect(readAll(rawArchive(rawEntry({ flag: 'g' }, '9 =x\n')))).rejects.toThrow()
})

const long = (name: string, flag = 'L'): Uint8Array => rawEntry({ flag }, `${name}\0`)

test.each([
  ['the last of two pax headers', [rawPax([['path', 'a']]), rawPax([['path', 'b']])], 'b'],
  [
    'nothing of a pax header that is followed by another',
    [rawPax([['path', 'a']]), rawPax([['uid', '1']])],
    'x',
  ],
  ['the last of two long names', [long('a'), long('b')], 'b'],
  ['a long name after a pax header', [rawPax([['path', 'a']]), long('b')], 'b'],
  ['a long name before a pax header', [long('b'), rawPax([['path', 'a']])], 'b'],
])('readTar() uses %s', async (_, headers, path) => {
  expect((await readAll(rawArchive(...headers, rawEntry({}))))[0]?.path).toBe(path)
})

test('readTar() uses the last of two long targets, also before that of a pax header', async () => {
  const headers = [rawPax([['linkpath', 'pax']]), long('a', 'K'), long('b', 'K'), long('n')]
  const archive = rawArchive(...headers, rawEntry({ flag: '2', linkname: 'short' }))
  expect((await readAll(archive))[0]).toMatchObject({ path: 'n', linkpath: 'b' })
})

test('readTar() reads a prefix in the place of the times of GNU if it is not a time', async () => {
  const gnu = { name: 'file', magic: 'ustar  \0' }
  const paths = async (header: Parameters<typeof rawEntry>[0]): Promise<string | undefined> =>
    (await readAll(rawArchive(rawEntry(header))))[0]?.path
  expect(await paths({ ...gnu, prefix: 'long/directory' })).toBe('long/directory/file')
  expect(await paths({ ...gnu, prefix: '00000001234\x0000000001234\0' })).toBe('file')
  expect(await paths({ ...gnu, prefix: 'd\xe9' })).toBe('file')
})

test.each([
  ['a time of 2^53', { mtime: Buffer.from('800000000020000000000000', 'hex') }, 0],
  ['a time of 2^63-1', { mtime: Buffer.from('800000007fffffffffffffff', 'hex') }, 0],
  ['a time of -2^63', { mtime: Buffer.from('ffffffff8000000000000000', 'hex') }, 0],
  ['a time of -1', { mtime: Buffer.from('ffffffffffffffffffffffff', 'hex') }, -1],
  ['a time of 2^40', { mtime: Buffer.from('800000000000010000000000', 'hex') }, 2 ** 40],
])('readTar() reads %s', async (_, header, mtime) => {
  expect((await readAll(rawArchive(rawEntry(header))))[0]?.mtime).toBe(mtime)
})

test.each(['800000008000000000000000', '800000010000000000000000', 'ffffffff7fffffffffffffff'])(
  'readTar() refuses the time %s of more than 64 bits',
  async (hex) => {
    const archive = rawArchive(rawEntry({ mtime: Buffer.from(hex, 'hex') }))
    await expect(readAll(archive)).rejects.toThrow('its mtime field is not a number')
  },
)

test('readTar() reads pax times up to 64 bits', async () => {
  const timed = (text: string): Promise<{ mtime: number; mtimeNanoseconds: number }[]> =>
    readAll(rawArchive(rawPax([['mtime', text]]), rawEntry({})))
  for (const text of ['9223372036854775807', '9007199254740993.5', '-9223372036854775807']) {
    expect(await timed(text)).toMatchObject([{ mtime: 0, mtimeNanoseconds: 0 }])
  }
  await expect(timed('9223372036854775808')).rejects.toThrow('an mtime that is not a time')
  await expect(timed('12345678901234567890')).rejects.toThrow('an mtime that is not a time')
})
