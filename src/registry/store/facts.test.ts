import { expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { blob } from '../testing/fixtures.ts'
import { createDirectoryFacts } from './directory/directory-facts.ts'
import { NameList } from './directory/name-list.ts'
import { createMemoryFacts } from './memory.ts'
import { testRegistryFacts } from './testing/contract.ts'

async function temporary(): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = await mkdtemp(join(tmpdir(), 'strake-facts-'))
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

testRegistryFacts('createMemoryFacts()', async () => ({
  facts: createMemoryFacts(),
  async [Symbol.asyncDispose]() {},
}))

testRegistryFacts('createDirectoryFacts()', async () => {
  const place = await temporary()
  return {
    facts: createDirectoryFacts(place.root),
    [Symbol.asyncDispose]: place[Symbol.asyncDispose],
  }
})

const content = blob('content').descriptor
const held = { kind: 'blob', descriptor: content } as const

test('createDirectoryFacts() converts the layout of earlier versions', async () => {
  await using place = await temporary()
  const [algorithm = '', hex = ''] = content.digest.split(':')
  for (const name of ['app', 'team/app']) {
    for (const [folder, kind] of [
      ['_blobs', 'blob'],
      ['_manifests', 'manifest'],
    ] as const) {
      const path = join(place.root, name, folder, algorithm, hex)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, JSON.stringify({ kind, descriptor: content }))
    }
    await mkdir(join(place.root, name, '_tags'), { recursive: true })
    await writeFile(join(place.root, name, '_tags', 'v1'), content.digest)
  }
  // Two processes may find the old layout at the same time.
  const both = [createDirectoryFacts(place.root), createDirectoryFacts(place.root)]
  for (const facts of both) {
    expect(await Array.fromAsync(facts.repositories())).toEqual(['app', 'team/app'])
    const app = facts.repository('team/app')
    expect(await app.find('blob', content.digest)).toEqual(held)
    expect(await app.findTag('v1')).toBe(content.digest)
    const holders = new Set(await Array.fromAsync(facts.holders(content.digest)))
    expect([...holders].sort()).toEqual(['app', 'team/app'])
  }
  expect(await readdir(join(place.root, 'app'))).toEqual(['_tags'])
})

test('createDirectoryFacts() makes a lost list of names again', async () => {
  await using place = await temporary()
  await createDirectoryFacts(place.root).repository('team/app').add(held)
  await rm(join(place.root, '_names'), { recursive: true })
  const facts = createDirectoryFacts(place.root)
  expect(await Array.fromAsync(facts.repositories())).toEqual(['team/app'])
  expect(await facts.repository('team/app').exists()).toBe(true)
})

test('createDirectoryFacts() makes no files for reads', async () => {
  await using place = await temporary()
  const facts = createDirectoryFacts(join(place.root, 'absent'))
  expect(await Array.fromAsync(facts.repositories())).toEqual([])
  expect(await facts.repository('app').find('blob', content.digest)).toBeUndefined()
  expect(await readdir(place.root)).toEqual([])
})

test('NameList shows names that another process adds, also with a cached list', async () => {
  await using place = await temporary()
  const mine = new NameList(place.root, () => Date.now() + 60_000)
  await mine.add('a')
  await utimes(place.root, 1000, 1000)
  expect([...mine.list()]).toEqual(['a'])
  expect([...mine.list()]).toEqual(['a'])
  await new NameList(place.root).add('b/c')
  expect([...mine.list()]).toEqual(['a', 'b/c'])
  expect([...mine.list('a')]).toEqual(['b/c'])
})
