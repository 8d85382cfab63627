import { describe, expect, test } from 'bun:test'
import { isStrakeError } from '#oci'
import { packTar, type TarInput, TarLister, writeTar } from '#tar'
import { applyListing, applyTar } from './apply.ts'
import { listTree, readContents } from './list.ts'
import { readIndex } from './read.ts'
import { readIndexHead } from './superblock.ts'
import { chainFixtures } from './testing/chains.ts'
import { checkIndex, noChecker } from './testing/check-index.ts'
import { layerFixtures } from './testing/fixture.ts'
import { createTree, type Tree } from './tree.ts'
import { writeIndex } from './write.ts'

const uuid = Uint8Array.from({ length: 16 }, (_, i) => i + 1)
const sparse = { device: 'sparse', write: (): void => {} }

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function build(layers: readonly (readonly TarInput[])[]): Promise<{
  readonly tree: Tree
  readonly devices: ReadonlyMap<string, Uint8Array>
}> {
  const tree = createTree()
  const devices = new Map<string, Uint8Array>()
  for (const [n, entries] of layers.entries()) {
    const archive = await packTar(entries)
    devices.set(`layer-${n}`, archive)
    await applyTar(tree, one(archive), { device: `layer-${n}`, sparse })
  }
  return { tree, devices }
}

const listed = (tree: Tree) => Array.from(listTree(tree), ({ identity: _, ...entry }) => entry)

const fixtures = { ...layerFixtures, ...chainFixtures }

for (const [name, layers] of Object.entries(fixtures)) {
  test(`writeIndex() and readIndex() keep ${name}`, async () => {
    const { tree, devices } = await build(layers)
    const index = writeIndex(tree, { uuid })
    const back = readIndex(index)
    expect(listed(back)).toEqual(listed(tree))
    expect(Buffer.compare(writeIndex(back, { uuid }), index)).toBe(0)
    checkIndex(index, devices)
  })
}
test.skipIf(noChecker !== '')(`fsck.erofs accepts every index of these tests${noChecker}`, () => {
  expect(() => checkIndex(new Uint8Array(8192), new Map())).toThrow()
})

test('applyTar() gives the same index for layers applied in a row and for each layer above an index', async () => {
  for (const layers of Object.values(fixtures)) {
    const inRow = await build(layers)
    let tree = createTree()
    for (const [n, archive] of [...inRow.devices.values()].entries()) {
      await applyTar(tree, one(archive), { device: `layer-${n}`, sparse })
      tree = readIndex(writeIndex(tree, { uuid }))
    }
    expect(Buffer.compare(writeIndex(tree, { uuid }), writeIndex(inRow.tree, { uuid }))).toBe(0)
  }
})

test('applyListing() makes the index that applyTar() makes, without the archive', async () => {
  for (const layers of Object.values(fixtures)) {
    const tree = createTree()
    for (const [n, entries] of layers.entries()) {
      const lister = new TarLister()
      let size = 0
      for await (const part of writeTar(entries, lister)) size += part.length
      const listing = lister.finish(size)
      if (listing === undefined) throw new Error('too long')
      const applied = await applyListing(tree, listing, { device: `layer-${n}` })
      expect(applied).toEqual({ entries: entries.length, size, sparseSize: 0 })
    }
    const other = await build(layers)
    expect(Buffer.compare(writeIndex(tree, { uuid }), writeIndex(other.tree, { uuid }))).toBe(0)
  }
})

test('writeIndex() points at contents in their archive and leaves unused archives out', async () => {
  const { tree, devices } = await build([
    [{ path: 'gone', body: Buffer.from('first') }],
    [{ path: '.wh.gone' }, { path: 'kept', body: Buffer.from('second'.repeat(300_000)) }],
  ])
  const head = readIndexHead(writeIndex(tree, { uuid }))
  expect(head.uuid).toEqual(uuid)
  expect(head.devices.map(({ tag }) => tag)).toEqual(['layer-1'])
  expect(head.devices[0]?.blocks).toBe((devices.get('layer-1')?.length ?? 0) / 512)
  const [, kept] = listTree(tree)
  if (kept === undefined) throw new Error('there is no listing')
  const parts: Uint8Array[] = []
  const read = (tag: string, offset: number, size: number): Uint8Array =>
    devices.get(tag)?.subarray(offset, offset + size) ?? new Uint8Array(0)
  for await (const part of readContents(kept, read)) parts.push(part)
  expect(Buffer.concat(parts).toString()).toBe('second'.repeat(300_000))
})

test('writeIndex() refuses devices that 32 bits cannot address', async () => {
  const { tree } = await build([[{ path: 'x', body: Buffer.from('x') }]])
  const [device] = tree.devices
  if (device !== undefined) device.blocks = 2 ** 32 - 8
  expect(() => writeIndex(tree, { uuid })).toThrow('larger than 2 TiB')
})

test('applyTar() resolves a directory again when a link in its path was replaced', async () => {
  const link: TarInput = { path: 'p', type: 'symlink', linkpath: '.' }
  const body = Buffer.from('x')
  const replaced = build([[link, { path: 'p/p', body }, { path: 'p/x', body }]])
  expect(await replaced.catch(String)).toEndWith('p/x at offset 1536: not a directory')
  const { tree } = await build([[link], [{ path: 'p/.wh.p' }, { path: 'p/x', body }]])
  expect(Array.from(listTree(tree), ({ path }) => path)).toEqual(['', 'p', 'p/x'])
  const above = await build([[link, { path: 'p/p', type: 'directory' }, { path: 'p/p/x', body }]])
  expect(Array.from(listTree(above.tree), ({ path }) => path)).toContain('p/p/x')
})

test('applyTar() counts entries, bytes and the space of sparse files', async () => {
  const archive = await packTar([
    { path: 'a' },
    { path: '.wh.b' },
    { path: 'c', type: 'directory' },
  ])
  const applied = await applyTar(createTree(), one(archive), { device: 'layer', sparse })
  expect(applied).toEqual({ entries: 3, size: archive.length, sparseSize: 0 })
})

describe('readIndex()', () => {
  const code = (bytes: Uint8Array): unknown => {
    try {
      for (const _ of listTree(readIndex(bytes)));
      return 'read'
    } catch (error) {
      return isStrakeError(error) ? error.code : error
    }
  }

  test('refuses other files and truncated indexes', async () => {
    const { tree } = await build([[{ path: 'd/x', body: Buffer.from('x') }]])
    const index = writeIndex(tree, { uuid })
    for (const size of [0, 1, 1024, 1200, 2048, index.length - 1]) {
      expect(code(index.subarray(0, size))).toBe('INVALID')
    }
    expect(code(new Uint8Array(65_536))).toBe('INVALID')
  })

  test('terminates, and throws only INVALID, for any changed bytes', async () => {
    const layers = layerFixtures['attributes and capabilities'] ?? []
    const { tree } = await build([...layers, [{ path: 'a/b/c', body: Buffer.from('x') }]])
    const index = writeIndex(tree, { uuid })
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed % below
    }
    for (let run = 0; run < 4000; run++) {
      const bytes = index.slice()
      for (let change = 0; change <= run % 3; change++) {
        bytes[1024 + random(bytes.length - 1024)] = random(256)
      }
      expect(['INVALID', 'read']).toContain(code(bytes) as string)
    }
  })
})
