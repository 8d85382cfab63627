import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { sha256 } from '#oci'
import { createFileDigests, type FileDigests } from './digests.ts'
import { FileIndex } from './file-index.ts'
import type { FileNode } from './node.ts'
import { type FileTree, openTree } from './tree.ts'

let base = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-changing-`)
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

/** Larger than what is read at once, so that it is read as a stream. */
const size = 3_000_000
const begin = Buffer.alloc(size, 'a')

const origin = { name: 'everywhere', covers: () => true }

interface Context {
  readonly tree: FileTree
  readonly node: FileNode
  readonly path: string
  readonly digests: FileDigests
}

/** A tree with one file, and its digests in an index. Calls `change` after the first chunk of it. */
async function open(change: (path: string) => void): Promise<Context & Disposable> {
  const root = mkdtempSync(`${base}/context-`)
  const path = `${root}/file`
  writeFileSync(path, begin)
  const real = openTree(root, { name: 'the build context', hasOwners: false })
  const node = real.child(real.top, 'file')
  if (node === undefined) throw new Error('the file is not there')
  const tree = Object.create(real, {
    read: {
      value: async function* (each: FileNode): AsyncGenerator<Uint8Array> {
        let isChanged = false
        for await (const chunk of real.read(each) as AsyncIterable<Uint8Array>) {
          yield chunk
          if (!isChanged) change(path)
          isChanged = true
        }
      },
    },
  }) as FileTree
  const digests = createFileDigests(tree, { path: `${base}/index`, origin })
  return { tree, node, path, digests, [Symbol.dispose]: () => real[Symbol.dispose]() }
}

const changes: Readonly<Record<string, (path: string) => void>> = {
  grows: (path) => appendFileSync(path, 'more'),
  shrinks: (path) => truncateSync(path, size / 2),
  'is emptied': (path) => truncateSync(path, 0),
  'gets other bytes of the same size': (path) => writeFileSync(path, Buffer.alloc(size, 'b')),
  'is written again with the same bytes': (path) => writeFileSync(path, begin),
}

test.each(Object.entries(changes))(
  'compute() refuses a file that %s while it is read',
  async (_, change) => {
    using context = await open(change)
    const { digests, node } = context
    await expect(digests.compute(node)).rejects.toThrow(
      'Cannot copy file: it changed in the build context while it was read',
    )
    digests.save()
    expect(digests.known(node)).toBeUndefined()
    expect(new FileIndex(`${base}/index`, origin.name).size).toBe(0)
  },
)

test('compute() returns the digest of the opened file when another file gets its name', async () => {
  using context = await open((path) => {
    writeFileSync(`${path}.new`, Buffer.alloc(size, 'b'))
    renameSync(`${path}.new`, path)
  })
  const { digests, node } = context
  const digest = await digests.compute(node).catch((error: Error) => error.message)
  // The kernel changes the status of a file that loses its name, so a refusal is right too.
  expect([sha256(begin), expect.stringContaining('it changed')]).toContainEqual(digest)
})

test('compute() keeps no digest of a file that changed after it was read, in the same tick', async () => {
  using context = await open(() => {})
  const { digests, node, path } = context
  const digest = await digests.compute(node)
  writeFileSync(path, Buffer.alloc(size, 'b'))
  digests.save()
  expect(digest).toBe(sha256(begin))
  const kept = new FileIndex(`${base}/index`, origin.name)
  // The file was made a moment before it was read, so its status proves nothing.
  expect(kept.find(node)).toBeUndefined()
})
