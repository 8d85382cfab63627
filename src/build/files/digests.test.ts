import { afterAll, expect, test } from 'bun:test'
import { utimesSync, writeFileSync } from 'node:fs'
import { mkdtempDisposable } from '#platform'
import type { FileIndex, FileRecord } from '#records'
import { collectSources } from './collect.ts'
import { hashSelections } from './content-hash.ts'
import { createFileDigests } from './digests.ts'
import { openTree } from './tree.ts'

const directory = await mkdtempDisposable('/dev/shm', 'strake-digests-')
afterAll(() => directory[Symbol.asyncDispose]())
const path = `${directory.path}/file`
writeFileSync(path, 'one')

/** The index of records, reduced to a map that can be looked into. */
function createIndex(): FileIndex & { readonly files: Map<string, FileRecord> } {
  const files = new Map<string, FileRecord>()
  return {
    files,
    read: () => new Map(files),
    write: (_root, changed) => {
      for (const record of changed) files.set(record.path, record)
    },
    prune: () => 0,
  }
}

async function hash(index?: FileIndex): Promise<string> {
  using tree = openTree(directory.path, { name: 'the build context', hasOwners: false })
  const digests = createFileDigests(tree, index)
  const options = { exclude: [], parents: false }
  const selections = collectSources(tree, [{ kind: 'path', path: '.' }], options)
  const { hash } = await hashSelections(tree, selections, digests)
  digests.save()
  return hash
}

test('createFileDigests() does not read an unchanged file again', async () => {
  const index = createIndex()
  await Bun.sleep(80)
  const first = await hash(index)
  const record = index.files.get('file')
  if (record === undefined) throw new Error('the file is not in the index')
  // A wrong digest shows that it is believed.
  const digest = `sha256:${'0'.repeat(64)}` as const
  index.files.set('file', { ...record, digest })
  expect(await hash(index)).not.toBe(first)
  index.files.set('file', { ...record, digest, stamp: `${record.stamp}1` })
  expect(await hash(index)).toBe(first)
})

test('createFileDigests() keeps no digest of a file that has just changed', async () => {
  const index = createIndex()
  writeFileSync(path, 'two')
  await hash(index)
  expect(index.files.size).toBe(0)
})

test('hashSelections() knows names, bytes and modes, and no times', async () => {
  const before = await hash()
  utimesSync(path, 1, 1)
  expect(await hash()).toBe(before)
  writeFileSync(path, 'owt')
  expect(await hash()).not.toBe(before)
  writeFileSync(path, 'two', { mode: 0o644 })
  expect(await hash()).toBe(before)
})
