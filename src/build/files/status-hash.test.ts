import { describe, expect, test } from 'bun:test'
import type { FileNode } from './node.ts'
import type { Selection } from './select-sources.ts'
import { hashStatus } from './status-hash.ts'
import type { StatusOrigin } from './status-origin.ts'

/** A file that changed 100 s after 1970. */
const node: FileNode = {
  name: 'f',
  path: 'd/f',
  type: 'file',
  mode: 0o644,
  uid: 1,
  gid: 2,
  size: 3,
  links: 1,
  mtime: 50,
  mtimeNanoseconds: 5,
  ctime: 100,
  ctimeNanoseconds: 0,
  inodeLow: 7,
  inodeHigh: 0,
  device: 8,
  mount: 9,
  deviceMajor: 0,
  deviceMinor: 0,
}
const here: StatusOrigin = { name: 'here', covers: ({ device }) => device !== 404 }

const selection = (...contents: readonly Selection['items'][number]['content'][]): Selection => ({
  name: 'd',
  isDirectory: true,
  items: contents.map((content, at) => ({ relative: `f${at}`, content })),
})

function hash(selections: readonly Selection[], origin = here, listedAt = 1_000_000) {
  return hashStatus(selections, { listedAt, origin })
}

describe('hashStatus()', () => {
  test('hashStatus() changes with everything that changes when a file does', () => {
    const changes: readonly Partial<FileNode>[] = [
      {},
      { type: 'symlink' } as const,
      { type: 'character' } as const,
      { mode: 0o4644 },
      { uid: 2 },
      { gid: 1 },
      { size: 4 },
      { mtime: 51 },
      { mtimeNanoseconds: 6 },
      { ctime: 101 },
      { ctimeNanoseconds: 1 },
      { inodeLow: 8 },
      { inodeHigh: 1 },
      { device: 9 },
      { deviceMajor: 1 },
      { deviceMinor: 1 },
    ]
    const hashes = changes.map((change) => hash([selection({ ...node, ...change })]))
    expect(hashes).not.toContain(undefined)
    expect(new Set(hashes).size).toBe(changes.length)
    expect(hash([selection(node)])).toBe(hashes[0])
  })

  test('hashStatus() changes with names, kinds, order and the text of a heredoc', () => {
    const other = { ...node, inodeLow: 8 }
    const one = selection(node)
    const hashes = [
      [],
      [one],
      [{ ...one, name: 'e' }],
      [{ ...one, isDirectory: false }],
      [{ ...one, items: one.items.map((item) => ({ ...item, relative: 'g' })) }],
      [one, one],
      [selection(node, other)],
      [selection(other, node)],
      [selection({ inline: 'a' })],
      [selection({ inline: 'b' })],
    ].map((selections) => hash(selections))
    expect(hashes).not.toContain(undefined)
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  test('hashStatus() covers every one of many files', () => {
    const many = Array.from({ length: 3000 }, (_, inodeLow) => ({ ...node, inodeLow }))
    const whole = hash([selection(...many)])
    for (const at of [0, 1023, 1024, 2047, 2999]) {
      const changed = many.map((each, index) => (index === at ? { ...each, size: 4 } : each))
      expect(hash([selection(...changed)])).not.toBe(whole)
    }
  })

  test('hashStatus() differs by origin, and is undefined for files that it does not cover', () => {
    expect(hash([selection(node)], { ...here, name: 'elsewhere' })).not.toBe(
      hash([selection(node)]),
    )
    expect(hash([selection(node, { ...node, device: 404 })])).toBeUndefined()
  })

  test('hashStatus() is undefined for files that changed shortly before they were listed', () => {
    for (const [listedAt, isKnown] of [
      [99_000, false],
      [100_000, false],
      [100_050, false],
      [100_051, true],
    ] as const) {
      expect(hash([selection(node)], here, listedAt) !== undefined).toBe(isKnown)
    }
  })
})
