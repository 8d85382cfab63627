import { expect, test } from 'bun:test'
import type { TarEntry } from '../entry.ts'
import { inChunks, paxRecords, rawArchive, rawEntry, rawPax, readAll } from '../testing/archives.ts'
import { packTar } from '../write/write.ts'
import { readTar } from './read.ts'

test('readTar() reads a ustar entry with all its fields and the offset of its contents', async () => {
  const archive = rawArchive(
    rawEntry(
      { name: 'b', prefix: 'a', uid: '0001750\0', gid: '0000144\0', mtime: '00000000012\0' },
      'hello',
    ),
  )
  const [entry] = await readAll(archive)
  expect(entry).toMatchObject({ path: 'a/b', type: 'file', mode: 0o644, uid: 1000, gid: 100 })
  expect(entry).toMatchObject({ mtime: 10, size: 5, headerOffset: 0, dataOffset: 512 })
  expect(String(entry?.contents)).toBe('hello')
})

test.each([1, 7, 511, 512, 513, 4096])(
  'readTar() reads the same from chunks of %d bytes, each valid only until the next',
  async (chunk) => {
    const inputs = Array.from({ length: 20 }, (_, i) => ({
      path: `${'deep/'.repeat(i * 3)}file-${i}`,
      body: Buffer.from('0123456789'.repeat(i * 13)),
      xattrs: new Map(i % 3 === 0 ? [['user.a', Buffer.from([i, 0, 255])]] : []),
    }))
    const archive = await packTar(inputs)
    expect(await readAll(archive, { chunk })).toEqual(await readAll(archive))
    const contents = (await readAll(archive, { chunk })).map((entry) => String(entry.contents))
    expect(contents).toEqual(inputs.map((input) => String(input.body)))
  },
)

test('readTar() skips the unread rest of a body when the next entry is requested', async () => {
  const archive = rawArchive(
    rawEntry({ name: 'a' }, 'x'.repeat(3000)),
    rawEntry({ name: 'b' }, 'second'),
  )
  const seen: string[] = []
  for await (const entry of readTar(inChunks(archive, 700))) {
    for await (const part of entry.body) {
      seen.push(`${entry.path}${part.length > 0}`)
      break
    }
  }
  expect(seen).toEqual(['atrue', 'btrue'])
})

test('readTar() throws when a body is read after the next entry was requested', async () => {
  const archive = rawArchive(rawEntry({ name: 'a' }, 'a'), rawEntry({ name: 'b' }, 'b'))
  const entries: TarEntry[] = []
  for await (const entry of readTar(inChunks(archive))) entries.push(entry)
  const late = async (): Promise<void> => {
    for await (const part of entries[0]?.body ?? []) expect(part).toBeUndefined()
  }
  await expect(late()).rejects.toThrow(TypeError)
})

test('readTar() reads its source to the end, and closes it when stopped early', async () => {
  const archive = rawArchive(rawEntry({ name: 'a' }, 'a'), rawEntry({ name: 'b' }, 'b'))
  let [chunks, closed] = [0, 0]
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of inChunks(Buffer.concat([archive, Buffer.alloc(8192)]), 512)) {
        chunks++
        yield chunk
      }
    } finally {
      closed++
    }
  }
  for await (const _ of readTar(source()));
  expect([chunks, closed]).toEqual([archive.length / 512 + 16, 1])
  for await (const _ of readTar(source())) break
  expect(closed).toBe(2)
})

test('readTar() warns about data after the end of the archive', async () => {
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  const archive = rawArchive(rawEntry({}, 'x'))
  await readAll(Buffer.concat([archive, Buffer.alloc(4096)]), { warn })
  expect(warnings).toEqual([])
  await readAll(Buffer.concat([archive, Buffer.from('hidden')]), { warn })
  expect(warnings).toHaveLength(1)
})

test('readTar() accepts an archive without end blocks, and an empty one', async () => {
  expect(await readAll(rawEntry({}, 'x'))).toHaveLength(1)
  expect(await readAll(new Uint8Array(0))).toEqual([])
})

test('readTar() lets pax records replace the fields of the next entry only', async () => {
  const archive = rawArchive(
    rawPax([
      ['path', 'long/ü'],
      ['size', '3'],
      ['uid', '4294967294'],
      ['gid', '3000000'],
      ['mtime', '-1.25'],
      ['SCHILY.xattr.user.bin', Uint8Array.of(0, 61, 10, 255)],
      ['LIBARCHIVE.xattr.user.b%20c', 'aGk'],
      ['comment', 'nothing'],
    ]),
    rawEntry({ name: 'short', size: 3 }, 'abc'),
    rawEntry({ name: 'plain' }, 'z'),
  )
  const [first, second] = await readAll(archive)
  expect(first).toMatchObject({ path: 'long/ü', size: 3, uid: 4294967294, gid: 3000000 })
  expect(first).toMatchObject({ mtime: -2, mtimeNanoseconds: 750_000_000 })
  expect([...(first?.xattrs ?? [])]).toEqual([
    ['user.bin', Uint8Array.of(0, 61, 10, 255)],
    ['user.b c', Uint8Array.of(0x68, 0x69)],
  ])
  expect(second).toMatchObject({ path: 'plain', uid: 0, mtime: 0 })
})

test('readTar() uses the field of the header block for an empty pax record', async () => {
  const records = paxRecords([
    ['path', 'a'],
    ['path', ''],
  ])
  const archive = rawArchive(rawEntry({ flag: 'x' }, records), rawEntry({ name: 'kept' }))
  expect((await readAll(archive))[0]?.path).toBe('kept')
})

test('readTar() removes an earlier record for an empty pax record', async () => {
  const usual = { uid: '0000007\0', gid: '0000011\0', mtime: '00000000013\0' }
  const archive = rawArchive(
    rawPax([
      ['linkpath', 'b'],
      ['size', '512'],
      ['uid', '1'],
      ['gid', '1'],
      ['mtime', '1.5'],
      ['linkpath', ''],
      ['size', ''],
      ['uid', ''],
      ['gid', ''],
      ['mtime', ''],
    ]),
    rawEntry({ name: 'f', linkname: 'kept', ...usual }, 'abc'),
    rawEntry({ name: 'next' }),
  )
  expect(await readAll(archive)).toMatchObject([
    { path: 'f', size: 3, uid: 7, gid: 9, mtime: 11, mtimeNanoseconds: 0 },
    { path: 'next' },
  ])
  const link = rawArchive(
    rawPax([
      ['linkpath', 'b'],
      ['linkpath', ''],
    ]),
    rawEntry({ flag: '2', linkname: 'kept' }),
  )
  expect((await readAll(link))[0]).toMatchObject({ linkpath: 'kept' })
})

test('readTar() prefers the SCHILY record of an attribute to that of LIBARCHIVE, in either order', async () => {
  const schily = ['SCHILY.xattr.user.a', 'of SCHILY'] as const
  const libarchive = ['LIBARCHIVE.xattr.user.a', Buffer.from('other').toString('base64')] as const
  for (const records of [
    [schily, libarchive],
    [libarchive, schily],
  ]) {
    const [entry] = await readAll(rawArchive(rawPax(records), rawEntry({})))
    expect([...(entry?.xattrs ?? [])]).toEqual([['user.a', Buffer.from('of SCHILY')]])
  }
})

test('readTar() reads GNU long names and targets up to their NUL', async () => {
  const long = `${'n'.repeat(200)}/file`
  const archive = rawArchive(
    rawEntry({ flag: 'K', magic: 'ustar  \0' }, `${'t'.repeat(150)}\0`),
    rawEntry({ flag: 'L', magic: 'ustar  \0' }, `${long}\0ignored`),
    rawEntry({ name: long.slice(0, 100), flag: '2', magic: 'ustar  \0', linkname: 't' }),
  )
  const [entry] = await readAll(archive)
  expect(entry).toMatchObject({ path: long, type: 'symlink', linkpath: 't'.repeat(150) })
})

test('readTar() does not read the times of a GNU header as a prefix', async () => {
  const archive = rawArchive(rawEntry({ name: 'a', magic: 'ustar  \0', prefix: '14000000000' }))
  expect((await readAll(archive))[0]?.path).toBe('a')
})

test('readTar() reads every type of entry', async () => {
  const archive = rawArchive(
    rawEntry({ name: 'hard', flag: '1', linkname: 'x', size: 99 }),
    rawEntry({ name: 'soft', flag: '2', linkname: '/x' }),
    rawEntry({ name: 'char', flag: '3', devmajor: '0000001\0', devminor: '0000003\0' }),
    rawEntry({ name: 'block', flag: '4', devmajor: '0000010\0', devminor: '0000000\0' }),
    rawEntry({ name: 'dir/', flag: '5' }),
    rawEntry({ name: 'fifo', flag: '6' }),
    rawEntry({ name: 'contiguous', flag: '7' }, 'x'),
    rawEntry({ name: 'old', flag: '\0', magic: '' }, 'x'),
    rawEntry({ name: 'olddir/', flag: '\0', magic: '' }),
  )
  const entries = await readAll(archive)
  expect(entries.map(({ path, type }) => `${type} ${path}`)).toEqual([
    'hardlink hard',
    'symlink soft',
    'character char',
    'block block',
    'directory dir',
    'fifo fifo',
    'file contiguous',
    'file old',
    'directory olddir',
  ])
  expect(entries[0]?.size).toBe(0)
  expect(entries[2]).toMatchObject({ deviceMajor: 1, deviceMinor: 3 })
  expect(entries[3]).toMatchObject({ deviceMajor: 8, deviceMinor: 0 })
})
