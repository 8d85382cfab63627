import { expect, test } from 'bun:test'
import { linkSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isStrakeError } from '#oci'
import type { TarInput } from '#tar'
import { Arena } from './testing/tree.ts'

const body = Buffer.from('owned')
const hardlink = (path: string, linkpath: string): TarInput => ({
  path,
  type: 'hardlink',
  linkpath,
})

test.each(['../outside/victim', 'a/../../outside/victim', '..', '../outside', './', '/'])(
  'applyLayer() makes no hard link to %p',
  async (target) => {
    using arena = new Arena()
    const { error } = await arena.apply([hardlink('h', target), { path: 'h', body }])
    expect(isStrakeError(error, 'INVALID')).toBe(true)
    expect(arena.escaped()).toBe('')
  },
)

test('applyLayer() makes no hard link to the target of a symbolic link in the layer', async () => {
  using arena = new Arena()
  const outside = arena.outside
  const symlink = (path: string, linkpath: string): TarInput => ({
    path,
    type: 'symlink',
    linkpath,
  })
  await arena.apply([symlink('d', outside), hardlink('h', 'd/victim'), { path: 'h', body }])
  await arena.apply([symlink('s', `${outside}/victim`), hardlink('h', 's'), { path: 'h', body }])
  await arena.apply([symlink('s', `${outside}/victim`), hardlink('h', 's')])
  expect(lstatSync(join(arena.root, 'h')).isSymbolicLink()).toBe(true)
  expect(lstatSync(join(arena.root, 'h')).nlink).toBe(2)
  await arena.apply([
    { ...hardlink('h', 's'), mode: 0o777 },
    { path: 'h', body, mode: 0o777 },
  ])
  expect(arena.escaped()).toBe('')
})

test('applyLayer() resolves absolute targets in the root, and follows links in their parents', async () => {
  using arena = new Arena()
  mkdirSync(join(arena.root, 'usr/lib'), { recursive: true })
  symlinkSync('/usr/lib', join(arena.root, 'lib'))
  writeFileSync(join(arena.root, 'usr/lib/x'), 'lower')
  const { error } = await arena.apply([
    hardlink('a', '/usr/lib/x'),
    hardlink('b', 'lib/x'),
    hardlink('c', './a'),
  ])
  expect(error).toBeUndefined()
  for (const name of ['a', 'b', 'c']) {
    expect(readFileSync(join(arena.root, name), 'utf8')).toBe('lower')
  }
  expect(lstatSync(join(arena.root, 'c')).nlink).toBe(4)
})

test('applyLayer() refuses hard links to a missing file or a directory, naming both', async () => {
  using arena = new Arena()
  const missing = await arena.apply([hardlink('h', 'no/such')])
  expect(String(missing.error)).toContain(
    'Cannot apply tar entry h at offset 0: its target no/such does not exist',
  )
  const directory = await arena.apply([{ path: 'd', type: 'directory' }, hardlink('h', 'd')])
  expect(String(directory.error)).toContain('h at offset 512: its target is a directory')
})

test('applyLayer() keeps the other names of a file when one is replaced', async () => {
  using arena = new Arena()
  writeFileSync(join(arena.root, 'a'), 'lower')
  linkSync(join(arena.root, 'a'), join(arena.root, 'b'))
  await arena.apply([{ path: 'a', body, mode: 0o600 }])
  expect(readFileSync(join(arena.root, 'b'), 'utf8')).toBe('lower')
  expect(lstatSync(join(arena.root, 'b')).mode & 0o777).toBe(0o644)
})

test('applyLayer() keeps a file that is linked to itself', async () => {
  using arena = new Arena()
  const { error } = await arena.apply([
    { path: 'a', body },
    hardlink('a', 'a'),
    hardlink('b', 'a'),
    hardlink('b', 'a'),
    hardlink('a', './b'),
  ])
  expect(error).toBeUndefined()
  expect(readFileSync(join(arena.root, 'a'), 'utf8')).toBe('owned')
  expect(lstatSync(join(arena.root, 'a')).nlink).toBe(2)
})
