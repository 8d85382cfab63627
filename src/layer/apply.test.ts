import { expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isStrakeError } from '#oci'
import { decodeName, encodeName, packTar } from '#tar'
import { applyLayer } from './apply.ts'
import { Arena, describeTree, isRoot, one, unlessRoot } from './testing/tree.ts'

const body = Buffer.from('new')

test('applyLayer() counts entries and bytes', async () => {
  using arena = new Arena()
  const { applied } = await arena.apply([
    { path: 'd', type: 'directory' },
    { path: 'd/f', body },
  ])
  expect(applied).toEqual({ entries: 2, size: 3 })
})

test('applyLayer() creates missing parents with mode 0755', async () => {
  using arena = new Arena()
  await arena.apply([{ path: 'a/b/c', body, mtime: 9 }])
  expect(lstatSync(join(arena.root, 'a/b'))).toMatchObject({ mode: 0o40755, uid: 0, mtimeMs: 0 })
})

test('applyLayer() restores the times of directories after their contents', async () => {
  using arena = new Arena()
  mkdirSync(join(arena.root, 'lower'))
  const before = lstatSync(join(arena.root, 'lower')).mtimeMs
  await arena.apply([
    { path: 'd', type: 'directory', mtime: 1000, mtimeNanoseconds: 5000 },
    { path: 'd/e', type: 'directory', mtime: 2000 },
    { path: 'd/e/f', body },
    { path: 'd/g', body },
    { path: 'lower/f', body },
  ])
  expect(lstatSync(join(arena.root, 'd'), { bigint: true }).mtimeNs).toBe(1_000_000_005_000n)
  expect(lstatSync(join(arena.root, 'd/e')).mtimeMs).toBe(2_000_000)
  expect(lstatSync(join(arena.root, 'lower')).mtimeMs).toBe(before)
})

test('applyLayer() keeps the times of directories that it only passes through', async () => {
  using arena = new Arena()
  const directories = ['passed', 'passed/deep', 'cleared', 'cleared/sub', 'cleared/sub/deep']
  for (const path of directories) mkdirSync(join(arena.root, path))
  writeFileSync(join(arena.root, 'cleared/sub/old'), 'old')
  for (const path of directories) utimesSync(join(arena.root, path), 7, 7)
  await arena.apply([
    { path: 'passed/deep/new/x', body },
    { path: 'passed/new/x', body },
    { path: 'cleared/sub/deep/x', body },
    { path: '.wh..wh..opq' },
  ])
  expect(existsSync(join(arena.root, 'cleared/sub/old'))).toBe(false)
  for (const path of directories) {
    expect(statSync(join(arena.root, path)).mtimeMs, path).toBe(7000)
  }
})

test('applyLayer() applies the last of several entries and never writes through a link', async () => {
  using arena = new Arena()
  const { error } = await arena.apply([
    { path: 'x', body: Buffer.from('first') },
    { path: 'x', type: 'symlink', linkpath: join(arena.outside, 'victim') },
    { path: 'x', body: Buffer.from('third'), mode: 0o600 },
    { path: 'd', type: 'directory', mode: 0o700 },
    { path: 'd/kept', body },
    { path: 'd', type: 'directory', mode: 0o711 },
    { path: 'e', type: 'directory' },
    { path: 'e/lost', body },
    { path: 'e', type: 'symlink', linkpath: arena.outside },
    { path: 'e/victim', body },
    { path: 'e', type: 'directory' },
    { path: 'e/victim', body },
    { path: 'g', type: 'directory' },
    { path: 'g/lost', body },
    { path: 'g', body },
  ])
  expect(String(error)).toBe('undefined')
  expect(readFileSync(join(arena.root, 'x'), 'utf8')).toBe('third')
  expect(lstatSync(join(arena.root, 'x')).mode & 0o777).toBe(0o600)
  expect(lstatSync(join(arena.root, 'd')).mode & 0o777).toBe(0o711)
  expect(readdirSync(join(arena.root, 'd'))).toEqual(['kept'])
  expect(readdirSync(join(arena.root, 'e'))).toEqual(['victim'])
  expect(lstatSync(join(arena.root, 'g')).isFile()).toBe(true)
  expect(arena.escaped()).toBe('')
})

test('applyLayer() keeps names apart that look alike or differ in case', async () => {
  using arena = new Arena()
  const alike = ['straße', 'strasse', 'STRASSE', 'caf\u00e9', 'cafe\u0301', 'ﬀ', 'ff']
  await arena.apply(alike.map((path) => ({ path, type: 'directory' as const })))
  const links = alike.map((path) => ({
    path: `${path}/l`,
    type: 'symlink' as const,
    linkpath: '/',
  }))
  await arena.apply([...links.slice(0, 1), { path: 'strasse/l/victim', body }])
  expect(readdirSync(arena.root).sort()).toEqual([...alike].sort())
  expect(readdirSync(join(arena.root, 'strasse/l'))).toEqual(['victim'])
  expect(arena.escaped()).toBe('')
})

test('applyLayer() keeps every possible byte of a name', async () => {
  using arena = new Arena()
  const bytes = Array.from({ length: 256 }, (_, i) => i).filter((i) => i !== 0 && i !== 0x2f)
  const every = decodeName(Uint8Array.from(bytes))
  const odd = ['-rf', '--', '\n', '\x1b[2J', '\u202egnp.exe', ' ', '*', `c${every.slice(0, 100)}`]
  const { error } = await arena.apply([...odd, every].map((path) => ({ path, body })))
  expect(error).toBeUndefined()
  const made = readdirSync(arena.root, { encoding: 'buffer' }).map((name) => decodeName(name))
  expect(made.sort()).toEqual([...odd, every].sort())
  expect(made.some((name) => Buffer.from(encodeName(name)).equals(Buffer.from(bytes)))).toBe(true)
})

test('applyLayer() keeps the holes of a sparse file', async () => {
  using arena = new Arena()
  const [offset, size] = [5_000_000, 40_000_000]
  const pax = `GNU.sparse.major=1\nGNU.sparse.minor=0\nGNU.sparse.realsize=${size}\n`
  const records = pax
    .trimEnd()
    .split('\n')
    .map((line) => {
      const length = line.length + 2
      return `${length + String(length + 2).length} ${line}\n`
    })
  const contents = `${`1\n${offset}\n4\n`.padEnd(512, '\0')}data`
  const tar = Buffer.from(
    await packTar([
      { path: 'PaxHeaders.0/sparse', body: Buffer.from(records.join('')) },
      { path: 'sparse', body: Buffer.from(contents) },
    ]),
  )
  tar.write('x', 156)
  const sum = tar
    .subarray(0, 512)
    .reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
  tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const applied = await applyLayer(one(tar), arena.root)
  const made = statSync(join(arena.root, 'sparse'))
  expect(made.size).toBe(size)
  expect(made.blocks * 512).toBeLessThan(100_000)
  const bytes = readFileSync(join(arena.root, 'sparse'))
  expect(bytes.indexOf('data')).toBe(offset)
  expect(bytes.filter((byte) => byte !== 0).length).toBe(4)
  expect(applied.size).toBe(4)
})

test('applyLayer() stops when the files together are larger than allowed', async () => {
  using arena = new Arena()
  const entries = [
    { path: 'a', body: Buffer.alloc(600) },
    { path: 'b', body: Buffer.alloc(600) },
  ]
  const { error } = await arena.apply(entries, { limits: { totalSize: 1000 } })
  expect(String(error)).toContain('its files are larger than 1000 bytes together')
  expect((await arena.apply(entries, { limits: { entries: 1 } })).error).toBeDefined()
})

test('applyLayer() throws the reason of its signal', async () => {
  using arena = new Arena()
  const reason = new Error('enough')
  const { error } = await arena.apply([{ path: 'a', body }], { signal: AbortSignal.abort(reason) })
  expect(error).toBe(reason)
})

test('applyLayer() names the entry of a layer that ends in the middle', async () => {
  using arena = new Arena()
  const tar = await packTar([{ path: 'etc/motd', body: Buffer.alloc(5000) }])
  const apply = applyLayer(one(tar.subarray(0, 3000)), arena.root)
  await expect(apply).rejects.toThrow(
    'Cannot read tar entry etc/motd at offset 0: the archive ends',
  )
  await expect(applyLayer(one(tar), join(arena.root, 'none'))).rejects.toThrow()
  expect(isStrakeError((await arena.apply([{ path: 'a', linkpath: '' }])).error)).toBe(false)
})

test.skipIf(!isRoot)(
  `applyLayer() keeps the largest owners and replaces impossible times by 1970${unlessRoot}`,
  async () => {
    using arena = new Arena()
    const { error, warnings } = await arena.apply([
      { path: 'largest', body, uid: 2 ** 32 - 2, gid: 2 ** 32 - 2 },
      { path: 'old', body, mtime: -5, mtimeNanoseconds: 7 },
      { path: 'late', body, mtime: 9_223_372_036, mtimeNanoseconds: 7 },
      { path: 'future', body, mtime: 9_223_372_037 },
    ])
    expect(error).toBeUndefined()
    expect(lstatSync(join(arena.root, 'largest'))).toMatchObject({
      uid: 2 ** 32 - 2,
      gid: 2 ** 32 - 2,
    })
    const times = ['old', 'late', 'future'].map(
      (name) => lstatSync(join(arena.root, name), { bigint: true }).mtimeNs,
    )
    expect(times).toEqual([0n, 9_223_372_036_000_000_007n, 0n])
    expect(warnings).toEqual(
      ['old', 'future'].map((name) => `The time of ${name} is out of range: it becomes 1970`),
    )
    expect((await arena.apply([{ path: 'x', uid: 2 ** 32 - 1 }])).error).toBeDefined()
    expect(existsSync(join(arena.root, 'x'))).toBe(false)
  },
)

test('applyLayer() emits the first twenty warnings and counts the others', async () => {
  using arena = new Arena()
  const future = Array.from({ length: 25 }, (_, i) => ({ path: `${i}`, mtime: 2 ** 50 }))
  const { warnings } = await arena.apply(future)
  expect(warnings).toHaveLength(21)
  expect(warnings.at(-1)).toBe('5 more entries were not applied exactly')
})

test.skipIf(!isRoot)(`applyLayer() keeps setuid, sticky and owners${unlessRoot}`, async () => {
  using arena = new Arena()
  await arena.apply([
    { path: 'su', body, mode: 0o4755, uid: 1, gid: 2 },
    { path: 'sgid', type: 'directory', mode: 0o2775, gid: 50 },
    { path: 'sgid/inherits-nothing', body },
    { path: 'tmp', type: 'directory', mode: 0o1777 },
  ])
  expect(lstatSync(join(arena.root, 'su'))).toMatchObject({ mode: 0o104755, uid: 1, gid: 2 })
  expect(lstatSync(join(arena.root, 'sgid/inherits-nothing'))).toMatchObject({ gid: 0 })
  expect(lstatSync(join(arena.root, 'tmp')).mode).toBe(0o41777)
  expect(describeTree(arena.root)).toContain('sgid 42775 0:50')
})

test('applyLayer() replaces a directory with a file, and a file with a directory', async () => {
  using arena = new Arena()
  mkdirSync(join(arena.root, 'd/deep/er'), { recursive: true })
  writeFileSync(join(arena.root, 'f'), 'old')
  const { error } = await arena.apply([
    { path: 'd', body },
    { path: 'f', type: 'directory' },
    { path: 'f/x', body },
  ])
  expect(error).toBeUndefined()
  expect(readFileSync(join(arena.root, 'd'), 'utf8')).toBe('new')
  expect(readdirSync(join(arena.root, 'f'))).toEqual(['x'])
})
