import { afterAll, expect, test } from 'bun:test'
import { chmodSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { selectSources } from './select-sources.ts'
import { hashStatus } from './status-hash.ts'
import type { StatusOrigin } from './status-origin.ts'
import { openTree } from './tree.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-status-')
afterAll(() => directory[Symbol.asyncDispose]())
const { path } = directory
writeFileSync(`${path}/a`, 'one')
writeFileSync(`${path}/b`, 'two')

/** The hash at a time long after the last change. */
function hash(
  listedAt = Date.now() + 10_000,
  origin: StatusOrigin = { name: 'here', covers: () => true },
): string | undefined {
  using tree = openTree(path, { name: 'the build context', hasOwners: false })
  const options = { exclude: [], parents: false }
  const selections = selectSources(tree, [{ kind: 'path', path: '.' }], options)
  return hashStatus(selections, { listedAt, origin })
}

test('hashStatus() changes with every change of a file', () => {
  const seen = [hash()]
  const changes = [
    () => chmodSync(`${path}/a`, 0o600),
    () => utimesSync(`${path}/a`, 5, 5),
    () => renameSync(`${path}/b`, `${path}/c`),
    () => writeFileSync(`${path}/c`, 'new'),
    () => {
      writeFileSync(`${path}/other`, 'old')
      renameSync(`${path}/other`, `${path}/c`)
    },
  ]
  for (const change of changes) {
    Bun.sleepSync(10)
    change()
    expect(hash()).toBe(hash())
    seen.push(hash())
  }
  expect(seen).not.toContain(undefined)
  expect(new Set(seen).size).toBe(seen.length)
})

test('hashStatus() is undefined for files that its origin does not cover, and differs by origin', () => {
  const later = Date.now() + 10_000
  expect(hash(later, { name: 'here', covers: () => false })).toBeUndefined()
  expect(hash(later, { name: 'elsewhere', covers: () => true })).not.toBe(hash(later))
})

test('hashStatus() is undefined for files that have just changed', () => {
  writeFileSync(`${path}/a`, 'now')
  expect(hash(Date.now())).toBeUndefined()
})
