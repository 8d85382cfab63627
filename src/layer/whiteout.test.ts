import { expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { isStrakeError } from '#oci'
import { readTar } from '#tar'
import { packTree } from './diff.ts'
import { Arena, isRoot, unlessRoot } from './testing/tree.ts'

const body = Buffer.from('new')

function put(root: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    writeFileSync(join(root, path), 'old')
  }
}

async function pathsOf(root: string): Promise<string[]> {
  const paths: string[] = []
  for await (const entry of readTar(packTree(root))) paths.push(entry.path)
  return paths
}

test.each(['.wh.', '.wh..', 'd/.wh...', 'd/.wh.x/y'])(
  'applyLayer() refuses the whiteout %p',
  async (path) => {
    using arena = new Arena()
    put(arena.root, 'd/x/y', 'e')
    const { error } = await arena.apply([{ path }])
    expect(isStrakeError(error, 'INVALID')).toBe(true)
    expect(readdirSync(join(arena.root, 'd/x'))).toEqual(['y'])
    expect(arena.escaped()).toBe('')
  },
)

test('applyLayer() does not create a reserved name that a link points to', async () => {
  using arena = new Arena()
  const { error } = await arena.apply([
    { path: 'l', type: 'symlink', linkpath: '/.wh..wh..opq' },
    { path: 'l/x', body },
  ])
  expect(isStrakeError(error, 'INVALID')).toBe(true)
  expect(readdirSync(arena.root)).toEqual(['l'])
})

test('applyLayer() refuses whiteouts that are not plain files', async () => {
  using arena = new Arena()
  put(arena.root, 'd/x')
  const symlink = { path: 'd/.wh.x', type: 'symlink', linkpath: '/' } as const
  for (const entry of [symlink, { path: 'd/.wh..wh..opq', type: 'directory' } as const]) {
    expect(isStrakeError((await arena.apply([entry])).error, 'INVALID')).toBe(true)
  }
  expect(existsSync(join(arena.root, 'd/x'))).toBe(true)
})

test('applyLayer() removes files and trees that whiteouts name, and ignores absent ones', async () => {
  using arena = new Arena()
  put(arena.root, 'a/f', 'a/d/deep/er', 'a/kept')
  symlinkSync(arena.outside, join(arena.root, 'a/l'))
  const { error } = await arena.apply([
    { path: 'a/.wh.f', body: Buffer.from('payload') },
    { path: 'a/.wh.d' },
    { path: 'a/.wh.l' },
    { path: 'a/.wh.never' },
    { path: 'no/such/.wh.x' },
    { path: 'a/kept/.wh.x' },
    { path: 'no/such/.wh..wh..opq' },
  ])
  expect(error).toBeUndefined()
  expect(await pathsOf(arena.root)).toEqual(['a', 'a/kept'])
  expect(arena.escaped()).toBe('')
})

test('applyLayer() follows links in the parents of a whiteout, inside the root', async () => {
  using arena = new Arena()
  put(arena.root, 'usr/lib/x', 'usr/lib/y')
  symlinkSync('/usr/lib', join(arena.root, 'lib'))
  await arena.apply([{ path: 'lib/.wh.x' }, { path: 'usr/lib/z', body }, { path: 'lib/.wh.z' }])
  expect(readdirSync(join(arena.root, 'usr/lib')).sort()).toEqual(['y', 'z'])
})

test.each([
  ['before', [{ path: 'd/.wh..wh..opq' }, { path: 'd/sub/new', body }, { path: 'd/f', body }]],
  ['after', [{ path: 'd/sub/new', body }, { path: 'd/f', body }, { path: 'd/.wh..wh..opq' }]],
])('applyLayer() keeps entries of the layer %s an opaque whiteout', async (_, entries) => {
  using arena = new Arena()
  put(arena.root, 'd/f', 'd/g', 'd/sub/old', 'd/sub/deep/old', 'd/other/old', 'e')
  await arena.apply(entries)
  expect(await pathsOf(arena.root)).toEqual(['d', 'd/f', 'd/sub', 'd/sub/new', 'e'])
  expect(readFileSync(join(arena.root, 'd/f'), 'utf8')).toBe('new')
})

test.each([
  ['before', [{ path: '.wh.d' }, { path: 'd/new', body }, { path: '.wh.f' }, { path: 'f', body }]],
  ['after', [{ path: 'd/new', body }, { path: '.wh.d' }, { path: 'f', body }, { path: '.wh.f' }]],
])('applyLayer() keeps an entry of the layer %s a whiteout of its name', async (_, entries) => {
  using arena = new Arena()
  put(arena.root, 'd/old', 'f')
  await arena.apply(entries)
  expect(await pathsOf(arena.root)).toEqual(['d', 'd/new', 'f'])
  expect(readFileSync(join(arena.root, 'f'), 'utf8')).toBe('new')
})

test('applyLayer() makes the whole root opaque for an opaque whiteout in the root', async () => {
  using arena = new Arena()
  put(arena.root, 'a/b', 'c')
  await arena.apply([{ path: 'a/new', body }, { path: '.wh..wh..opq' }])
  expect(await pathsOf(arena.root)).toEqual(['a', 'a/new'])
})

test('applyLayer() skips the bookkeeping entries of AUFS', async () => {
  using arena = new Arena()
  const { applied } = await arena.apply([
    { path: '.wh..wh.plnk', type: 'directory' },
    { path: '.wh..wh.plnk/1.2', body },
    { path: '.wh..wh.aufs', body },
  ])
  expect(applied).toEqual({ entries: 3, size: 0 })
  expect(readdirSync(arena.root)).toEqual([])
})

test.skipIf(!isRoot)(
  `applyLayer() treats a device 0:0 as a whiteout, like overlayfs${unlessRoot}`,
  async () => {
    using arena = new Arena()
    put(arena.root, 'a/x')
    await arena.apply([{ path: 'a/x', type: 'character' }])
    expect(readdirSync(join(arena.root, 'a'))).toEqual([])
  },
)

test('applyLayer() applies many whiteouts of one directory while it shrinks', async () => {
  using arena = new Arena()
  const names = Array.from({ length: 300 }, (_, i) => `n${i}`)
  put(arena.root, ...names.map((name) => `d/${name}/f`))
  await arena.apply(names.slice(1).map((name) => ({ path: `d/.wh.${name}` })))
  expect(await pathsOf(arena.root)).toEqual(['d', 'd/n0', 'd/n0/f'])
})
