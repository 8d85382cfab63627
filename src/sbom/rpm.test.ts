import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { scanFiles } from './scan.ts'
import { memoryFiles } from './testing/memory-files.ts'

/** The header of a package, with `padding` bytes that no member uses. */
function header(members: Readonly<Record<number, string | number>>, padding = 0): Buffer {
  const entries: Buffer[] = []
  const data: Buffer[] = []
  let size = 0
  for (const [tag, value] of Object.entries(members)) {
    const bytes = typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.alloc(4)
    if (typeof value === 'number') bytes.writeUInt32BE(value)
    const entry = Buffer.alloc(16)
    entry.writeUInt32BE(Number(tag), 0)
    entry.writeUInt32BE(typeof value === 'string' ? 6 : 4, 4)
    entry.writeUInt32BE(size, 8)
    entry.writeUInt32BE(1, 12)
    entries.push(entry)
    data.push(bytes)
    size += bytes.length
  }
  const head = Buffer.alloc(8)
  head.writeUInt32BE(entries.length, 0)
  head.writeUInt32BE(size + padding, 4)
  return Buffer.concat([head, ...entries, ...data, Buffer.alloc(padding, 7)])
}

const bash = { 1000: 'bash', 1001: '5.2', 1002: '1.fc40', 1003: 2, 1014: 'GPL', 1022: 'x86_64' }
const key = { 1000: 'gpg-pubkey', 1001: 'a15b79cc', 1002: '63d04c2c' }
const fedora = 'ID=fedora\nVERSION_ID=40\n'

function sqliteWith(headers: readonly Buffer[], pageSize: number): Uint8Array {
  using database = new Database(':memory:')
  database.run(`PRAGMA page_size=${pageSize}`)
  database.run('CREATE TABLE Name (key TEXT, hnum INTEGER)')
  database.run('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)')
  for (const one of headers) database.run('INSERT INTO Packages (blob) VALUES (?)', [one])
  return database.serialize()
}

function ndbWith(headers: readonly Buffer[]): Uint8Array {
  const file = Buffer.alloc(4096)
  file.write('RpmP', 0, 'latin1')
  file.writeUInt32LE(1, 12)
  const blobs: Buffer[] = []
  let offset = 4096
  headers.forEach((bytes, at) => {
    const slot = 32 + at * 16
    file.write('Slot', slot, 'latin1')
    file.writeUInt32LE(at + 1, slot + 4)
    file.writeUInt32LE(offset / 16, slot + 8)
    const blob = Buffer.alloc(16 + Math.ceil(bytes.length / 16) * 16)
    blob.write('BlbS', 0, 'latin1')
    blob.writeUInt32LE(at + 1, 4)
    blob.writeUInt32LE(bytes.length, 12)
    bytes.copy(blob, 16)
    blobs.push(blob)
    offset += blob.length
  })
  return Buffer.concat([file, ...blobs])
}

/** A hash table of Berkeley DB with pages of 512 bytes: the number of the last header, and headers. */
function hashWith(headers: readonly Buffer[], isLittle = true): Uint8Array {
  const [size, head] = [512, 26]
  const u16 = (page: Buffer, value: number, at: number) =>
    isLittle ? page.writeUInt16LE(value, at) : page.writeUInt16BE(value, at)
  const u32 = (page: Buffer, value: number, at: number) =>
    isLittle ? page.writeUInt32LE(value, at) : page.writeUInt32BE(value, at)
  const meta = Buffer.alloc(size)
  u32(meta, 0x061561, 12)
  u32(meta, size, 20)
  const table = Buffer.alloc(size)
  table[25] = 13
  const pages = [meta, table]
  let [end, count] = [size, 0]
  const item = (bytes: Buffer): void => {
    end -= bytes.length
    bytes.copy(table, end)
    u16(table, end, head + count * 2)
    count++
  }
  item(Buffer.from([1, 0, 0, 0, 0]))
  item(Buffer.from([1, 9, 0, 0, 0]))
  headers.forEach((bytes, at) => {
    item(Buffer.from([1, at + 1, 0, 0, 0]))
    const place = Buffer.alloc(12, 0)
    place[0] = 3
    u32(place, pages.length, 4)
    u32(place, bytes.length, 8)
    item(place)
    for (let from = 0; from < bytes.length; from += size - head) {
      const page = Buffer.alloc(size)
      const part = bytes.subarray(from, from + size - head)
      part.copy(page, head)
      page[25] = 7
      u16(page, part.length, 22)
      if (from + part.length < bytes.length) u32(page, pages.length + 1, 16)
      pages.push(page)
    }
  })
  u16(table, count, 20)
  return Buffer.concat(pages)
}

const bashUrl = 'pkg:rpm/fedora/bash@5.2-1.fc40?arch=x86_64&distro=fedora-40&epoch=2'

async function scan(path: string, database: Uint8Array) {
  return await scanFiles(memoryFiles({ [path]: database, 'etc/os-release': fedora }))
}

test.each([512, 4096, 65_536])('rpm is read from SQLite with pages of %p bytes', async (size) => {
  // Values on several pages, and so many that the tree has several levels.
  const others = Array.from({ length: 300 }, (_, at) =>
    header({ ...bash, 1000: `p${at}` }, (at * 37) % 5000),
  )
  const database = sqliteWith([header(bash), header(key), ...others], size)
  const { packages, skipped } = await scan('usr/lib/sysimage/rpm/rpmdb.sqlite', database)
  expect(skipped).toEqual([])
  expect(packages).toHaveLength(301)
  expect(packages.map(({ url }) => url)).toContain(bashUrl)
  expect(packages.find(({ name }) => name === 'bash')?.license).toBe('GPL')
})

test('rpm is read from a new database', async () => {
  const database = ndbWith([header(bash), header(key), header({ ...bash, 1000: 'zlib' }, 100)])
  const { packages } = await scan('usr/lib/sysimage/rpm/Packages.db', database)
  expect(packages.map(({ name }) => name)).toEqual(['bash', 'zlib'])
})

test.each([true, false])('rpm is read from Berkeley DB (little-endian: %p)', async (isLittle) => {
  const headers = [header(bash), header(key), header({ ...bash, 1000: 'zlib' }, 2000)]
  const path = 'var/lib/rpm/Packages'
  const { packages, skipped } = await scan(path, hashWith(headers, isLittle))
  expect(skipped).toEqual([])
  expect(packages.map(({ name }) => name)).toEqual(['bash', 'zlib'])
  expect(packages[0]?.url).toBe(bashUrl)
})

test('rpm reads no page of Berkeley DB twice', async () => {
  const whole = Buffer.from(hashWith([header(bash, 400_000)]))
  for (let at = 2 * 512; at < whole.length; at += 512) whole.writeUInt32LE(2, at + 16)
  const { packages, skipped } = await scan('var/lib/rpm/Packages', whole)
  expect(packages).toEqual([])
  expect(skipped).toMatchObject([{ reason: 'the pages of a value of it are damaged' }])
  const other = await scan('var/lib/rpm/Packages', Buffer.alloc(100))
  expect(other.skipped).toMatchObject([{ reason: 'it is no hash table of Berkeley DB' }])
})

test('rpm with any damaged byte ends, and is skipped or gives fewer packages', async () => {
  const headers = Array.from({ length: 12 }, (_, at) => header({ ...bash, 1000: `p${at}` }, 900))
  for (const [path, whole] of [
    ['usr/lib/sysimage/rpm/rpmdb.sqlite', sqliteWith(headers, 512)],
    ['usr/lib/sysimage/rpm/Packages.db', ndbWith(headers)],
    ['var/lib/rpm/Packages', hashWith(headers)],
  ] as const) {
    for (let at = 0; at < whole.length; at += 61) {
      const damaged = Uint8Array.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 0xff
      const { packages } = await scan(path, damaged)
      expect(packages.length).toBeLessThanOrEqual(headers.length)
    }
    for (let length = 0; length < whole.length; length += 997) {
      await scan(path, whole.subarray(0, length))
    }
  }
})

test('rpm reads no header of a new database twice', async () => {
  const database = ndbWith([header(bash, 4_000_000)])
  const slots = 250
  const hostile = Buffer.from(database)
  for (let at = 1; at < slots; at++) hostile.copy(hostile, 32 + at * 16, 32, 48)
  const { packages, skipped } = await scan('usr/lib/sysimage/rpm/Packages.db', hostile)
  expect(packages).toHaveLength(1)
  expect(skipped).toMatchObject([{ reason: 'its headers are larger than the file' }])
})

test('rpm leaves texts out that have no end within 8,192 bytes', async () => {
  const long = header({ ...bash, 1014: 'x'.repeat(8193) })
  const { packages } = await scan('usr/lib/sysimage/rpm/Packages.db', ndbWith([long]))
  expect(packages).toMatchObject([{ name: 'bash', license: undefined }])
})
