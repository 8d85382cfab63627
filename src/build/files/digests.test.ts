import { afterAll, expect, test } from 'bun:test'
import { utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { settled } from '../testing/settled.ts'
import { hashSelections } from './content-hash.ts'
import { createFileDigests } from './digests.ts'
import { FileIndex } from './file-index.ts'
import { type FileNode, lookUp } from './node.ts'
import { selectSources } from './select-sources.ts'
import type { StatusOrigin } from './status-origin.ts'
import { openTree } from './tree.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-digests-')
afterAll(() => directory[Symbol.asyncDispose]())
const path = `${directory.path}/file`
const elsewhere = await mkdtempDisposable(tmpdir(), 'strake-digests-index-')
afterAll(() => elsewhere[Symbol.asyncDispose]())
writeFileSync(path, 'one')
const everywhere: StatusOrigin = { name: 'everywhere', covers: () => true }

/** The entries of an index, and the status of the file. */
function look(index: string): { readonly size: number; readonly node: FileNode } {
  const node = lookUp(directory.path, '', 'file')
  if (node === undefined) throw new Error('the file is not there')
  return { size: new FileIndex(index, everywhere.name).size, node }
}

async function hash(index = '', origin = everywhere): Promise<string> {
  using tree = openTree(directory.path, { name: 'the build context', hasOwners: false })
  const digests = createFileDigests(tree, index === '' ? undefined : { path: index, origin })
  const options = { exclude: [], parents: false }
  const selections = selectSources(tree, [{ kind: 'path', path: '.' }], options)
  const { hash } = await hashSelections(tree, selections, digests)
  digests.save()
  digests.forget()
  return hash
}

test('createFileDigests() does not read an unchanged file again', async () => {
  const index = `${elsewhere.path}/index`
  await settled()
  const first = await hash(index)
  const { size, node } = look(index)
  expect(size).toBe(1)
  const believed = new FileIndex(index, everywhere.name)
  // A wrong digest proves that the file is not read.
  const digest = `sha256:${'0'.repeat(64)}` as const
  believed.set(node, digest)
  believed.write(index)
  expect(await hash(index)).not.toBe(first)
  believed.set({ ...node, ctimeNanoseconds: node.ctimeNanoseconds + 1 }, digest)
  believed.write(index)
  expect(await hash(index)).toBe(first)
})

test('createFileDigests() keeps no digest of a file that has just changed', async () => {
  const index = `${elsewhere.path}/racy`
  writeFileSync(path, 'two')
  await hash(index)
  expect(look(index).size).toBe(0)
})

test('createFileDigests() neither uses nor keeps the status of files that its origin does not cover', async () => {
  await settled()
  const index = `${elsewhere.path}/uncovered`
  const first = await hash(index, { ...everywhere, covers: () => false })
  const { size, node } = look(index)
  expect(size).toBe(0)
  const believed = new FileIndex(index, everywhere.name)
  believed.set(node, `sha256:${'0'.repeat(64)}`)
  believed.write(index)
  expect(await hash(index, { ...everywhere, covers: () => false })).toBe(first)
  expect(await hash(index)).not.toBe(first)
})

test('createFileDigests() counts files whose bytes differ from their known digest', () => {
  using tree = openTree(directory.path, { name: 'the build context', hasOwners: false })
  const { node } = look(`${elsewhere.path}/none`)
  const digests = createFileDigests(tree)
  digests.learn(node, `sha256:${'1'.repeat(64)}`, Date.now())
  digests.learn(node, `sha256:${'1'.repeat(64)}`, Date.now())
  expect(digests.corrections).toBe(0)
  digests.learn(node, `sha256:${'2'.repeat(64)}`, Date.now())
  expect(digests.corrections).toBe(1)
})

test('createFileDigests() forgets unused files when they are most of the index', async () => {
  const index = `${elsewhere.path}/large`
  await settled()
  for (const [count, left] of [
    [20_000, 20_001],
    [30_000, 1],
  ] as const) {
    const full = new FileIndex(`${elsewhere.path}/none`, everywhere.name)
    const { node } = look(index)
    for (let n = 0; n < count; n++)
      full.set({ ...node, path: `gone/${n}` }, `sha256:${'0'.repeat(64)}`)
    full.write(index)
    await hash(index)
    expect(look(index).size).toBe(left)
  }
})

test('hashSelections() hashes names, bytes and modes, and no times', async () => {
  const before = await hash()
  utimesSync(path, 1, 1)
  expect(await hash()).toBe(before)
  writeFileSync(path, 'owt')
  expect(await hash()).not.toBe(before)
  writeFileSync(path, 'two', { mode: 0o644 })
  expect(await hash()).toBe(before)
})
