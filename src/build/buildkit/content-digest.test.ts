import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseIgnore } from '#dockerfile'
import { type FileTree, openTree } from '../files/tree.ts'
import { contextDigest } from './content-digest.ts'
import { contentRecord } from './operation.ts'

const root = mkdtempSync(join(tmpdir(), 'strake-content-'))
let tree: FileTree
beforeAll(async () => {
  const file = async (name: string, text: string, mode = 0o644): Promise<void> => {
    await writeFile(join(root, name), text)
    await chmod(join(root, name), mode)
  }
  for (const name of ['dir', 'dir/sub', 'd', 'd/e']) {
    await mkdir(join(root, name))
    await chmod(join(root, name), 0o755)
  }
  await file('dir/b', 'b\n')
  await file('dir/sub/c', 'c\n')
  await symlink('b', join(root, 'dir/l'))
  await file('f.json', 'x', 0o755)
  await file('g.json', 'y')
  await symlink('f.json', join(root, 'link.json'))
  await file('run.sh', '#!/bin/sh\necho s')
  await file('empty', '')
  await file('skip', 'no\n')
  await file('.dockerignore', 'skip\n')
  tree = openTree(root, {
    name: 'the build context',
    hasOwners: false,
    ignore: parseIgnore('skip'),
  })
})
afterAll(() => {
  tree[Symbol.dispose]()
  rmSync(root, { recursive: true })
})

const wholes = (paths: readonly string[]) => paths.map((path) => ({ path }))

/** The digests are those of the records that BuildKit 0.34 wrote for the same files. */
test.each([
  [['/f.json'], '692765500e626'],
  [['/f.json', '/g.json'], 'fd317e0676124'],
  [['/dir'], 'd93eafc5c4e01'],
  [['/link.json'], '692765500e626'],
  [['/*.json'], '9aa76e309c18e'],
  [['/d*'], 'e89f1deb4e188'],
  [['/dir/*', '/run.sh'], '433995087c088'],
  [['/empty'], 'e260e636718fd'],
  [['/'], '29a953780afc0'],
])('contextDigest() of %p is that of BuildKit', async (paths, digest) => {
  const found = await contextDigest(tree, wholes(paths))
  expect(found && contentRecord(found).slice(7, 20)).toBe(digest)
})

test.each([
  [{ path: '/dir', exclude: ['sub'] }, 'a9d4840fbb006'],
  [{ path: '/', exclude: ['*.json', 'd'] }, 'a227dad0e4b5f'],
  [{ path: '/d*', exclude: ['b'] }, 'bf46549d7ff8e'],
  [{ path: '/', include: 'dir/sub/c' }, '833ab6ab5dceb'],
  [{ path: '/dir', include: 'sub/*' }, '93da95d016650'],
  [{ path: '/', include: '**/*.json', exclude: ['g*'] }, 'd87f67419a540'],
  [{ path: '/*/b' }, '35dc300be8a1e'],
])('contextDigest() of files that %p selects is that of BuildKit', async (used, digest) => {
  const found = await contextDigest(tree, [used])
  expect(found && contentRecord(found).slice(7, 20)).toBe(digest)
})

test('contextDigest() counts only files that are selected', async () => {
  const used = [{ path: '/', exclude: ['dir', 'd', '*.json'] }]
  const whole = await contextDigest(tree, used)
  expect(await contextDigest(tree, used, { most: 3 })).toBe(whole)
  expect(await contextDigest(tree, used, { most: 2 })).toBeUndefined()
})

test('contextDigest() reads no directory with more files than it may', async () => {
  const whole = await contextDigest(tree, wholes(['/dir']))
  expect(await contextDigest(tree, wholes(['/dir']), { most: 5 })).toBe(whole)
  expect(await contextDigest(tree, wholes(['/dir']), { most: 4 })).toBeUndefined()
})

test('contextDigest() of an absent path is not known', async () => {
  expect(await contextDigest(tree, wholes(['/absent']))).toBeUndefined()
  expect(await contextDigest(tree, wholes(['/skip']))).toBeUndefined()
})
