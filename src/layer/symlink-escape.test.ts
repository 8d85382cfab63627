import { expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { isStrakeError } from '#oci'
import type { TarInput } from '#tar'
import { Arena, isRoot, unlessRoot } from './testing/tree.ts'

const body = Buffer.from('owned')
const link = (path: string, linkpath: string): TarInput => ({ path, type: 'symlink', linkpath })

// Attempts to write through a link that leads out of the root.
const ways: readonly (readonly [string, (outside: string) => TarInput[]])[] = [
  ['an absolute link', (outside) => [link('l', outside)]],
  ['a relative link', () => [link('l', '../outside')]],
  ['a link to the real root', (outside) => [link('up', '/'), link('l', `up${outside}`)]],
  ['many dots', (outside) => [link('l', `${'../'.repeat(30)}${outside.slice(1)}`)]],
  [
    'a chain whose spelling stays inside',
    () => [
      { path: 'a/b', type: 'directory' },
      link('a/b/up', '../..'),
      link('x', 'a/b/up/..'),
      link('l', 'x/outside'),
    ],
  ],
  [
    'a link below a link',
    () => [
      link('d', 'e'),
      { path: 'e', type: 'directory' },
      link('d/l', '../../outside'),
      link('l', 'e/l'),
    ],
  ],
  ['/proc/self/cwd', (outside) => [link('l', `/proc/self/root${outside}`)]],
  ['a link of the process itself', (outside) => [link('l', `/proc/1/root${outside}`)]],
]

test.each(ways)('applyLayer() does not write through %s', async (_, way) => {
  using arena = new Arena()
  await arena.apply([...way(arena.outside), { path: 'l/victim', body }])
  await arena.apply([...way(arena.outside), { path: 'l/new/deep', body }])
  await arena.apply([...way(arena.outside), { path: 'l/sub', type: 'directory', mode: 0o777 }])
  await arena.apply([...way(arena.outside), { path: 'l/.wh.victim' }])
  await arena.apply([...way(arena.outside), { path: 'l/.wh..wh..opq' }])
  expect(arena.escaped()).toBe('')
})

test('applyLayer() replaces a link with the file of its name', async () => {
  using arena = new Arena()
  const target = join(arena.outside, 'victim')
  const { error } = await arena.apply([link('x', target), { path: 'x', body }])
  expect(error).toBeUndefined()
  expect(lstatSync(join(arena.root, 'x')).isFile()).toBe(true)
  expect(arena.escaped()).toBe('')
})

test('applyLayer() also replaces links of the parent filesystem', async () => {
  using arena = new Arena()
  symlinkSync(join(arena.outside, 'victim'), join(arena.root, 'file'))
  symlinkSync(arena.outside, join(arena.root, 'dir'))
  symlinkSync(arena.outside, join(arena.root, 'fifo'))
  const { error } = await arena.apply([
    { path: 'file', body },
    { path: 'dir', type: 'directory', mode: 0o700 },
    { path: 'dir/victim', body },
    { path: 'fifo', type: 'fifo' },
  ])
  expect(error).toBeUndefined()
  expect(readFileSync(join(arena.root, 'dir/victim'), 'utf8')).toBe('owned')
  expect(lstatSync(join(arena.root, 'fifo')).isFIFO()).toBe(true)
  expect(arena.escaped()).toBe('')
})

// Owner, mode, time and attributes of the target of a link.
test.skipIf(!isRoot)(`applyLayer() sets no metadata through a link${unlessRoot}`, async () => {
  using arena = new Arena()
  const victim = join(arena.outside, 'victim')
  const meta = { mode: 0o4777, uid: 1234, gid: 1234, mtime: 5, xattrs: new Map([['user.a', body]]) }
  await arena.apply([{ ...link('x', victim), ...meta }])
  expect(readlinkSync(join(arena.root, 'x'))).toBe(victim)
  expect(lstatSync(join(arena.root, 'x'))).toMatchObject({ uid: 1234, mtimeMs: 5000 })
  await arena.apply([
    { path: 'h', type: 'hardlink', linkpath: 'x', ...meta },
    { ...link('y', arena.outside), ...meta },
    { path: 'y', type: 'directory', ...meta },
    { ...link('z', victim), ...meta },
    { path: 'z', type: 'fifo', ...meta },
  ])
  expect(arena.escaped()).toBe('')
})

test('applyLayer() accepts only a directory as the root', async () => {
  using arena = new Arena()
  for (const path of ['./', '.', '/', 'a/..']) {
    for (const entry of [link(path, arena.outside), { path, type: 'fifo' as const }]) {
      const { error } = await arena.apply([entry])
      expect(isStrakeError(error, 'INVALID')).toBe(true)
    }
  }
  const { error } = await arena.apply([{ path: './', type: 'directory', mode: 0o711, mtime: 77 }])
  expect(error).toBeUndefined()
  expect(lstatSync(arena.root)).toMatchObject({ mode: 0o40711, mtimeMs: 77000 })
  expect(arena.escaped()).toBe('')
})

// Real images need links as parents.
test('applyLayer() follows links as parents, as if the root were /', async () => {
  using arena = new Arena()
  mkdirSync(join(arena.root, 'usr/lib'), { recursive: true })
  symlinkSync('usr/lib', join(arena.root, 'lib'))
  symlinkSync('/usr/lib', join(arena.root, 'lib64'))
  symlinkSync('../../../../usr/lib', join(arena.root, 'lib32'))
  const { error } = await arena.apply([
    { path: 'lib/a', body },
    { path: 'lib64/b', body },
    { path: 'lib32/c/d', body },
  ])
  expect(error).toBeUndefined()
  for (const path of ['a', 'b', 'c/d']) {
    expect(readFileSync(join(arena.root, 'usr/lib', path), 'utf8')).toBe('owned')
  }
  expect(lstatSync(join(arena.root, 'lib')).isSymbolicLink()).toBe(true)
  expect(arena.escaped()).toBe('')
})

test('applyLayer() creates the target directory of a dangling parent link inside the root', async () => {
  using arena = new Arena()
  const { error } = await arena.apply([
    link('abs', '/made/absolute'),
    link('rel', '../../made/relative'),
    { path: 'sub', type: 'directory' },
    link('sub/next', '../abs/chained/..'),
    { path: 'abs/x', body },
    { path: 'rel/x', body },
    { path: 'sub/next/y', body },
  ])
  expect(error).toBeUndefined()
  for (const path of ['made/absolute/x', 'made/relative/x', 'made/absolute/y']) {
    expect(readFileSync(join(arena.root, path), 'utf8')).toBe('owned')
  }
  expect(lstatSync(join(arena.root, 'made'))).toMatchObject({ mode: 0o40755, mtimeMs: 0 })
  expect(arena.escaped()).toBe('')
})

test('applyLayer() refuses circular links, and files as parents', async () => {
  using arena = new Arena()
  const looped = await arena.apply([link('a', 'b'), link('b', 'a'), { path: 'a/x', body }])
  expect(String(looped.error)).toContain('a/x at offset 1024: too many levels of symbolic links')
  const below = await arena.apply([
    { path: 'f', body },
    { path: 'f/x', body },
  ])
  expect(String(below.error)).toContain('f/x at offset 1024: not a directory')
  expect(isStrakeError(below.error, 'INVALID')).toBe(true)
  const growing = await arena.apply([link('g', 'g/g'), { path: 'g/x', body }])
  expect(isStrakeError(growing.error, 'INVALID')).toBe(true)
})

// A resolved directory must not be reused after a name in its path has changed.
test('applyLayer() resolves a directory again when a link in its path was replaced', async () => {
  const self = link('p', '.')
  using replaced = new Arena()
  const { error } = await replaced.apply([self, { path: 'p/p', body }, { path: 'p/x', body }])
  expect(String(error)).toEndWith('p/x at offset 1536: not a directory')
  expect(readdirSync(replaced.root)).toEqual(['p'])
  using linked = new Arena()
  const hardlink = { path: 'p/p', type: 'hardlink', linkpath: 'f' } as const
  const second = await linked.apply([{ path: 'f' }, self, hardlink, { path: 'p/x', body }])
  expect(String(second.error)).toEndWith('p/x at offset 1536: not a directory')
  using removed = new Arena()
  await removed.apply([self])
  await removed.apply([{ path: 'p/.wh.p' }, { path: 'p/x', body }])
  expect(readdirSync(removed.root)).toEqual(['p'])
  using directory = new Arena()
  await directory.apply([self, { path: 'p/p', type: 'directory' }, { path: 'p/p/x', body }])
  expect(existsSync(join(directory.root, 'p/p/x'))).toBe(true)
})
