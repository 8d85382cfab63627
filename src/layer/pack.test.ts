import { expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { treeCalls } from '#platform'
import { toBuffer } from '#stream'
import { encodeName, readTar } from '#tar'
import { applyLayer } from './apply.ts'
import { packTree } from './diff.ts'
import { describeTree, isRoot, scratch, unlessRoot } from './testing/tree.ts'

interface Node {
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink'
  readonly name: string
  readonly parent: number
  readonly mode: number
  readonly owner: number
  readonly mtime: number
  readonly contents: string
}

const node: fc.Arbitrary<Node> = fc.record({
  kind: fc.constantFrom('file', 'directory', 'symlink', 'hardlink'),
  name: fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .filter((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..')
    .filter((name) => !name.startsWith('.wh.') && Buffer.byteLength(name) < 256),
  parent: fc.nat(30),
  mode: fc.constantFrom(0o644, 0o600, 0o755, 0o4755, 0o2755, 0o1777),
  owner: fc.constantFrom(0, 1000, 3_000_000, 2 ** 32 - 2),
  mtime: fc.integer({ min: -1000, max: 2_000_000_000 }),
  contents: fc.string({ maxLength: 2000 }),
})

/** Creates the nodes that it can; skips a name that exists. */
function grow(root: string, nodes: readonly Node[]): void {
  const directories = ['']
  const files: string[] = []
  const made: (readonly [string, Node])[] = []
  for (const item of nodes) {
    const path = join(directories[item.parent % directories.length] ?? '', item.name)
    const target = files[item.parent % files.length]
    try {
      if (item.kind === 'directory') mkdirSync(join(root, path))
      else if (item.kind === 'symlink') symlinkSync(item.contents || 'x', join(root, path))
      else if (item.kind === 'file') writeFileSync(join(root, path), item.contents, { flag: 'wx' })
      else if (target === undefined) continue
      else linkSync(join(root, target), join(root, path))
    } catch {
      continue
    }
    if (item.kind === 'directory') directories.push(path)
    if (item.kind === 'file') files.push(path)
    made.push([path, item])
  }
  for (const [path, item] of made.reverse()) {
    if (isRoot) lchownSync(join(root, path), item.owner, item.owner)
    if (item.kind !== 'symlink') chmodSync(join(root, path), item.mode)
    lutimesSync(join(root, path), item.mtime, item.mtime)
  }
}

test('packTree() and applyLayer() restore any tree', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(node, { maxLength: 25 }), async (nodes) => {
      using from = scratch()
      using to = scratch()
      grow(from.path, nodes)
      await applyLayer(packTree(from.path, { includeRoot: true, subsecond: true }), to.path)
      expect(describeTree(to.path)).toBe(describeTree(from.path))
    }),
    { numRuns: isRoot ? 150 : 1 },
  )
})

test('packTree() packs contents of sizes around the limits of its ways of reading', async () => {
  using from = scratch()
  using to = scratch()
  const sizes = [
    0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 131_072, 1_048_575, 1_048_577, 3_000_000,
  ]
  for (const size of sizes) {
    writeFileSync(
      join(from.path, `${size}`),
      Buffer.from('0123456789ab'.repeat(size / 12 + 1)).subarray(0, size),
    )
  }
  await applyLayer(packTree(from.path, { includeRoot: true, subsecond: true }), to.path)
  expect(describeTree(to.path)).toBe(describeTree(from.path))
})

test('packTree() yields a directory before its entries, and no root unless asked', async () => {
  using tree = scratch()
  mkdirSync(join(tree.path, 'b/c'), { recursive: true })
  writeFileSync(join(tree.path, 'b-'), '')
  writeFileSync(join(tree.path, 'a'), '')
  const paths = async (includeRoot: boolean): Promise<string[]> => {
    const found: string[] = []
    for await (const entry of readTar(packTree(tree.path, { includeRoot }))) found.push(entry.path)
    return found
  }
  expect(await paths(false)).toEqual(['a', 'b', 'b/c', 'b-'])
  expect(await paths(true)).toEqual(['.', 'a', 'b', 'b/c', 'b-'])
})

test('packTree() names a path that is too long for any reader', async () => {
  using tree = scratch()
  const name = encodeName('n'.repeat(250))
  const root = treeCalls.openRoot(tree.path)
  const descriptors = [root]
  for (let depth = 0; depth < 17; depth++) {
    const above = descriptors.at(-1) ?? root
    treeCalls.makeDirectory(above, name)
    descriptors.push(treeCalls.openDirectory(above, name) ?? root)
  }
  const read = async (): Promise<void> => {
    for await (const _ of packTree(tree.path));
  }
  await expect(read()).rejects.toThrow('…": file name too long')
  treeCalls.removeTree(root, name)
  for (const fd of descriptors) treeCalls.closeDescriptor(fd)
})

test('packTree() refuses names that would delete a file in a layer', async () => {
  for (const name of ['.wh.etc', '.wh..wh..opq', '.wh.']) {
    using tree = scratch()
    mkdirSync(join(tree.path, 'd'))
    writeFileSync(join(tree.path, 'd', name), '')
    const read = async (): Promise<void> => {
      for await (const _ of packTree(tree.path));
    }
    await expect(read()).rejects.toThrow(`Cannot pack d/${name}: names that begin with .wh. mean`)
  }
})

test('packTree() leaves sockets out', async () => {
  using tree = scratch()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(tree.path, 'socket'), resolve))
  try {
    for await (const entry of readTar(packTree(tree.path))) expect(entry.path).toBe('none')
  } finally {
    server.close()
  }
})

test.skipIf(!isRoot)(
  `packTree() does not need its own names in /etc/passwd${unlessRoot}`,
  async () => {
    using tree = scratch()
    writeFileSync(join(tree.path, 'f'), '')
    chownSync(join(tree.path, 'f'), 54321, 54321)
    for await (const entry of readTar(packTree(tree.path))) {
      expect(entry).toMatchObject({ uid: 54321, gid: 54321 })
    }
  },
)

test('packTree() packs two trees at the same time', async () => {
  using first = scratch()
  using second = scratch()
  for (let index = 0; index < 200; index++) {
    writeFileSync(join(first.path, `${index}`), `first ${index}`.repeat(50))
    writeFileSync(join(second.path, `${index}`), `second ${index}`.repeat(50))
  }
  const pack = (path: string) => toBuffer(packTree(path), Number.MAX_SAFE_INTEGER)
  const alone = [await pack(first.path), await pack(second.path)]
  const together = await Promise.all([pack(first.path), pack(second.path)])
  expect(together.map((bytes, index) => Buffer.compare(bytes, alone[index] ?? bytes))).toEqual([
    0, 0,
  ])
})
