import { afterAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, treeCalls } from '#platform'
import { type ContentHash, hashSelections } from './content-hash.ts'
import { createFileDigests } from './digests.ts'
import { type Selection, selectSources } from './select-sources.ts'
import { openTree } from './tree.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-content-')
afterAll(() => directory[Symbol.asyncDispose]())
const root = `${directory.path}/tree`

/** A tree of one file `f`, changed by `change`. Owners are part of it, as in a stage. */
async function hashOf(
  change: (path: string) => void,
  hasOwners = true,
): Promise<ContentHash & { readonly again: string }> {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root)
  writeFileSync(`${root}/f`, 'bytes', { mode: 0o644 })
  change(`${root}/f`)
  using tree = openTree(root, { name: 'the tree', hasOwners })
  const options = { exclude: [], parents: false }
  const selections = selectSources(tree, [{ kind: 'path', path: '.' }], options)
  const digests = createFileDigests(tree)
  const found = await hashSelections(tree, selections, digests)
  const { hash: again } = await hashSelections(tree, selections, digests)
  return { hash: found.hash, summarize: found.summarize.bind(found), again }
}

function setAttribute(path: string, name: string, value: Uint8Array): void {
  const place = treeCalls.openRoot(root)
  const fd = treeCalls.openBeneath(place, path.slice(root.length + 1))
  treeCalls.setAttribute(fd, Buffer.from(name), value)
  treeCalls.closeDescriptor(fd)
  treeCalls.closeDescriptor(place)
}

function makeSpecial(path: string, file: treeCalls.SpecialFile): void {
  rmSync(path)
  const place = treeCalls.openRoot(root)
  treeCalls.makeSpecial(place, Buffer.from('f'), file)
  treeCalls.closeDescriptor(place)
}

/** CAP_NET_BIND_SERVICE or CAP_NET_RAW, as the kernel keeps it. */
function capability(bit: number): Uint8Array {
  const value = new Uint8Array(20)
  const view = new DataView(value.buffer)
  view.setUint32(0, 0x02000001, true)
  view.setUint32(4, 1 << bit, true)
  return value
}

function copies(path: string, ...suffixes: readonly string[]): void {
  for (const suffix of suffixes) writeFileSync(path + suffix, 'bytes', { mode: 0o644 })
}

const nothing = (): void => {}
const isRoot = process.getuid?.() === 0

/** Each of these changes makes another tree. */
const changes: Readonly<Record<string, (path: string) => void>> = {
  'nothing at all': nothing,
  bytes: (path) => writeFileSync(path, 'other'),
  'a copy': (path) => writeFileSync(`${path}2`, 'bytes', { mode: 0o644 }),
  'two copies': (path) => copies(path, '2', '3'),
  'another name of the file': (path) => linkSync(path, `${path}2`),
  'a copy and another name of the file': (path) => {
    copies(path, '2')
    linkSync(path, `${path}3`)
  },
  'a copy with another name': (path) => {
    copies(path, '2')
    linkSync(`${path}2`, `${path}3`)
  },
  'the mode': (path) => chmodSync(path, 0o755),
  'a set-user-ID bit': (path) => chmodSync(path, 0o4644),
  'another file': (path) => writeFileSync(`${path}2`, ''),
  'a directory': (path) => mkdirSync(`${path}2`),
  'the mode of a directory': (path) => mkdirSync(`${path}2`, { mode: 0o700 }),
  'a link': (path) => symlinkSync('a', `${path}2`),
  'the target of a link': (path) => symlinkSync('b', `${path}2`),
  'a user attribute': (path) => setAttribute(path, 'user.a', Buffer.from('1')),
  'the name of an attribute': (path) => setAttribute(path, 'user.b', Buffer.from('1')),
  'the value of an attribute': (path) => setAttribute(path, 'user.a', Buffer.from('2')),
}

/** Changes that only root can make. */
const rootChanges: Readonly<Record<string, (path: string) => void>> = {
  'the user': (path) => chownSync(path, 1, 0),
  'the group': (path) => chownSync(path, 0, 1),
  'a file capability': (path) => setAttribute(path, 'security.capability', capability(10)),
  'another capability': (path) => setAttribute(path, 'security.capability', capability(13)),
  'a character device': (path) => makeSpecial(path, { type: 'character', major: 1, minor: 3 }),
  'a block device': (path) => makeSpecial(path, { type: 'block', major: 1, minor: 3 }),
  'the minor number of a device': (path) =>
    makeSpecial(path, { type: 'character', major: 1, minor: 5 }),
  'the major number of a device': (path) =>
    makeSpecial(path, { type: 'character', major: 5, minor: 3 }),
  'a pipe': (path) => makeSpecial(path, { type: 'fifo', major: 0, minor: 0 }),
}

describe('hashSelections()', () => {
  const all = isRoot ? { ...changes, ...rootChanges } : changes

  test('hashSelections() changes the hash with everything that reaches a layer', async () => {
    const seen = new Map<string, string>()
    for (const [name, change] of Object.entries(all)) {
      const { hash, again } = await hashOf(change)
      expect(again).toBe(hash)
      expect([name, seen.get(hash)]).toEqual([name, undefined])
      seen.set(hash, name)
    }
  })

  test('hashSelections() changes the summary with everything that reaches a layer', async () => {
    const seen = new Set<string>()
    for (const change of Object.values(all)) {
      seen.add(JSON.stringify((await hashOf(change)).summarize()))
    }
    expect(seen.size).toBe(Object.keys(all).length)
  })

  test('hashSelections() ignores times', async () => {
    const { hash } = await hashOf(nothing)
    expect((await hashOf((path) => utimesSync(path, 5, 5))).hash).toBe(hash)
  })

  test('hashSelections() ignores owners and attributes of a build context', async () => {
    const { hash } = await hashOf(nothing, false)
    const changes = [
      (path: string) => setAttribute(path, 'user.a', Buffer.from('1')),
      ...(isRoot
        ? [
            (path: string) => chownSync(path, 1, 1),
            (path: string) => setAttribute(path, 'security.capability', capability(10)),
          ]
        : []),
    ]
    for (const change of changes) expect((await hashOf(change, false)).hash).toBe(hash)
  })

  test('hashSelections() tells selections apart by name, kind and order', async () => {
    using tree = openTree(root, { name: 'the tree', hasOwners: true })
    const digests = createFileDigests(tree)
    const inline = (text: string): Selection['items'] => [
      { relative: '', content: { inline: text } },
    ]
    const selections: readonly (readonly Selection[])[] = [
      [],
      [{ name: 'd', isDirectory: true, items: [] }],
      [{ name: 'd', isDirectory: false, items: [] }],
      [{ name: 'e', isDirectory: false, items: [] }],
      [{ name: 'd', isDirectory: false, items: inline('1') }],
      [{ name: 'd', isDirectory: false, items: inline('2') }],
      [
        { name: 'd', isDirectory: false, items: inline('1') },
        { name: 'e', isDirectory: false, items: inline('2') },
      ],
      [
        { name: 'e', isDirectory: false, items: inline('2') },
        { name: 'd', isDirectory: false, items: inline('1') },
      ],
    ]
    const hashes = await Promise.all(selections.map((each) => hashSelections(tree, each, digests)))
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(selections.length)
  })

  test('hashSelections() ends with the reason of its signal', async () => {
    using tree = openTree(root, { name: 'the tree', hasOwners: true })
    const items = [{ relative: '', content: { inline: '' } }]
    const selections = [{ name: 'd', isDirectory: false, items }]
    const digests = createFileDigests(tree)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(hashSelections(tree, selections, digests, signal)).rejects.toThrow('enough')
  })
})
