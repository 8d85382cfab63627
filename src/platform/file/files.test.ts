import { afterAll, beforeAll, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mountBind, mountTmpfs, unmount } from '../kernel/mount.ts'
import {
  mkdtempDisposable,
  renameDurable,
  syncFilesystem,
  writeAll,
  writeFileDurable,
} from './files.ts'
import { removeTree } from './remove-tree.ts'

const isRoot = process.getuid?.() === 0
const root = `${tmpdir()}/strake-files-test-${process.pid}`
beforeAll(() => mkdirSync(root))
afterAll(() => rmSync(root, { recursive: true }))

test('writeFileDurable() replaces a file, sets its mode and leaves nothing else', async () => {
  await writeFileDurable(`${root}/facts`, 'one', 0o600)
  await writeFileDurable(`${root}/facts`, 'two', 0o600)
  expect(readFileSync(`${root}/facts`, 'utf8')).toBe('two')
  expect(statSync(`${root}/facts`).mode & 0o777).toBe(0o600)
  expect(readdirSync(root)).toEqual(['facts'])
})

test.skipIf(!isRoot)(
  'writeFileDurable() keeps the old content and no leftovers when the disk is full',
  async () => {
    const small = `${root}/small`
    mkdirSync(small)
    mountTmpfs(small, { size: 65536 })
    try {
      await writeFileDurable(`${small}/file`, 'old')
      const large = new Uint8Array(1 << 20)
      expect(
        await writeFileDurable(`${small}/file`, large).catch((e: unknown) => String(e)),
      ).toContain('ENOSPC')
      expect(readFileSync(`${small}/file`, 'utf8')).toBe('old')
      expect(readdirSync(small)).toEqual(['file'])
    } finally {
      unmount(small)
    }
  },
)

test('writeAll() continues after a short write', async () => {
  await using handle = await open(`${root}/short`, 'w')
  const write = handle.write.bind(handle)
  const short = new Proxy(handle, {
    get: (target, key) =>
      key === 'write'
        ? (data: Uint8Array, from: number, length: number, at: number | null) =>
            write(data, from, Math.min(length, 3), at)
        : Reflect.get(target, key),
  })
  await writeAll(short, new TextEncoder().encode('abcdefgh'))
  await writeAll(short, new TextEncoder().encode('XYZW'), 1)
  expect(readFileSync(`${root}/short`, 'utf8')).toBe('aXYZWfgh')
})

test('renameDurable() moves between directories', async () => {
  mkdirSync(`${root}/a`)
  writeFileSync(`${root}/a/x`, '1')
  await renameDurable(`${root}/a/x`, `${root}/y`)
  expect(readFileSync(`${root}/y`, 'utf8')).toBe('1')
})

test('syncFilesystem() returns for memory and disk', async () => {
  await syncFilesystem(root)
  await syncFilesystem('/')
})

test('mkdtempDisposable() creates a private directory that is removed with the scope', async () => {
  let path: string
  {
    await using directory = await mkdtempDisposable(root)
    path = directory.path
    expect(statSync(path).mode & 0o777).toBe(0o700)
    writeFileSync(`${path}/file`, '')
  }
  expect(existsSync(path)).toBe(false)
})

test('removeTree() removes files, links, odd names and a tree deeper than its limit of open files', async () => {
  const top = `${root}/tree`
  mkdirSync(`${root}/kept`)
  writeFileSync(`${root}/kept/file`, '')
  let path = top
  for (let depth = 0; depth < 300; depth++) path += '/d'
  mkdirSync(path, { recursive: true })
  writeFileSync(`${path}/deep`, '')
  symlinkSync(`${root}/kept`, `${top}/link`)
  writeFileSync(Buffer.concat([Buffer.from(`${top}/bad-`), Buffer.from([0xff])]), '')
  for (let n = 0; n < 3000; n++) writeFileSync(`${top}/file-${n}`, '')
  await removeTree(top)
  expect(existsSync(top)).toBe(false)
  expect(existsSync(`${root}/kept/file`)).toBe(true)
  await removeTree(top)
})

test('removeTree() removes a tree that other processes remove at the same time', async () => {
  const top = `${root}/shared`
  for (const name of ['a', 'b']) {
    mkdirSync(`${top}/${name}`, { recursive: true })
    for (let n = 0; n < 5000; n++) writeFileSync(`${top}/${name}/${n}`, '')
  }
  await Promise.all(Array.from({ length: 4 }, () => removeTree(top)))
  expect(existsSync(top)).toBe(false)
})

test('removeTree() removes a file and a link, not the target of the link', async () => {
  mkdirSync(`${root}/named`)
  symlinkSync(`${root}/named`, `${root}/pointer`)
  await removeTree(`${root}/pointer`)
  expect(existsSync(`${root}/named`)).toBe(true)
  expect(existsSync(`${root}/pointer`)).toBe(false)
})

test.skipIf(!isRoot)(
  'removeTree() refuses a tree with a mount in it and removes nothing',
  async () => {
    const top = `${root}/holds-mount`
    mkdirSync(`${top}/a/bound`, { recursive: true })
    mkdirSync(`${root}/precious`)
    writeFileSync(`${root}/precious/file`, '')
    writeFileSync(`${top}/first`, '')
    mountBind(`${root}/precious`, `${top}/a/bound`)
    try {
      expect(await removeTree(top).catch((error: unknown) => String(error))).toContain(
        'something is mounted',
      )
      expect(existsSync(`${top}/first`)).toBe(true)
    } finally {
      unmount(`${top}/a/bound`)
    }
    await removeTree(top)
    expect(existsSync(`${root}/precious/file`)).toBe(true)
  },
)
