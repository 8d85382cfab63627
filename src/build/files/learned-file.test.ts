import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { sha256 } from '#oci'
import { mkdtempDisposable } from '#platform'
import { createFileDigests } from './digests.ts'
import { type LearnedTree, openLearning } from './learned-file.ts'
import { type FileNode, lookUp } from './node.ts'
import { openTree } from './tree.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-learned-')
afterAll(() => directory[Symbol.asyncDispose]())

function open(size: number): { from: LearnedTree; node: FileNode; bytes: Uint8Array } {
  const bytes = Buffer.alloc(size, 'some bytes ')
  writeFileSync(`${directory.path}/file`, bytes)
  const tree = openTree(directory.path, { name: 'the build context', hasOwners: false })
  const node = lookUp(directory.path, '', 'file')
  if (node === undefined) throw new Error('the file is not there')
  return { from: { tree, digests: createFileDigests(tree) }, node, bytes }
}

test.each([100, 5_000_000])(
  'openLearning() learns the digest of a file of %d bytes that a consumer does not read to its end',
  async (size) => {
    const { from, node, bytes } = open(size)
    using _tree = from.tree
    await using file = openLearning(from, node)
    for await (const chunk of file.bytes) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await file.finish()
    expect(from.digests.known(node)).toBe(sha256(bytes))
  },
)

test('openLearning() learns no digest of a file that was not read to its end', async () => {
  const { from, node } = open(5_000_000)
  using _tree = from.tree
  await using file = openLearning(from, node)
  for await (const _ of file.bytes) break
  expect(from.digests.known(node)).toBeUndefined()
})
