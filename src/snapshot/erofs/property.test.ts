import { expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import fc from 'fast-check'
import { applyTar, createTree, readIndex, type Tree, writeIndex } from '#erofs'
import { packTar, type TarInput } from '#tar'
import {
  describeIndex,
  describeTree,
  Home,
  importAll,
  isRoot,
  type MadeLayer,
  nameLayers,
  one,
  unlessRoot,
  unpackAll,
} from './testing/fixture.ts'

/** Directories and leaves sometimes share names: most layers are applied, some are refused. */
const directoryNames = ['a', 'b', 'c'] as const
const leafNames = ['f', 'g', 'h', 'f', 'g', 'h', 'a'] as const
const above = fc.array(fc.constantFrom(...directoryNames), { maxLength: 3 })
const directory = above.filter((parts) => parts.length > 0).map((parts) => parts.join('/'))
const path = fc
  .tuple(above, fc.constantFrom(...leafNames))
  .map(([parts, leaf]) => [...parts, leaf].join('/'))
const anywhere = fc.oneof(path, directory)
const target = fc.oneof(
  anywhere,
  directory.map((each) => `/${each}`),
  directory.map((each) => `../${each}`),
  fc.tuple(directory, directory).map(([left, right]) => `${left}/../${right}`),
)
const metadata = fc.record({
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 3 }),
  gid: fc.integer({ min: 0, max: 3 }),
  mtime: fc.integer({ min: -1000, max: 1_000_000 }),
  mtimeNanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
})
const contents = fc.uint8Array({ maxLength: 1500 })
const described = (
  type: NonNullable<TarInput['type']>,
  at: fc.Arbitrary<string>,
): fc.Arbitrary<TarInput> =>
  fc
    .record({ path: at, meta: metadata })
    .map(({ path: where, meta }) => ({ path: where, type, ...meta }))
const below = (name: string): fc.Arbitrary<TarInput> =>
  directory.map((each) => ({ path: `${each}/${name}` }))
const entry: fc.Arbitrary<TarInput> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(described('file', path), contents)
      .map(([each, body]) => ({ ...each, body })),
  },
  { weight: 9, arbitrary: described('directory', directory) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(described('symlink', anywhere), target)
      .map(([each, linkpath]) => ({ ...each, linkpath })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ path: anywhere, linkpath: path })
      .map((each) => ({ ...each, type: 'hardlink' as const })),
  },
  { weight: 1, arbitrary: described('fifo', anywhere) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...directoryNames, ...leafNames)
      .chain((name) => below(`.wh.${name}`)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...directoryNames).map((name) => ({ path: `.wh.${name}` })),
  },
  { weight: 2, arbitrary: below('.wh..wh..opq') },
)
const layer = fc.array(entry, { minLength: 1, maxLength: 12 })
const image = fc.array(layer, { minLength: 1, maxLength: 4 })

const refusal = (error: unknown): string => String(error)

async function makeLayers(entries: readonly (readonly TarInput[])[]): Promise<MadeLayer[]> {
  const root: TarInput = { path: './', type: 'directory', mtime: 1_000_000 }
  return nameLayers(await Promise.all(entries.map((each) => packTar([root, ...each]))))
}

async function indexOf(layers: readonly MadeLayer[]): Promise<Tree> {
  let tree = createTree()
  for (const { archive, diffId } of layers) {
    const device = diffId.slice(7)
    await applyTar(tree, one(archive), { device, sparse: { device: 'sparse', write: () => {} } })
    // Every layer goes through an index, as when a chain is extended.
    tree = readIndex(writeIndex(tree, { uuid: new Uint8Array(16) }))
  }
  return tree
}

test.skipIf(!isRoot)(
  `any list of layers makes the tree that an unpacker makes, or the same refusal${unlessRoot}`,
  async () => {
    using home = new Home()
    const devicesOf = (layers: readonly MadeLayer[]) =>
      new Map(layers.map(({ diffId, archive }) => [diffId.slice(7), archive]))
    await fc.assert(
      fc.asyncProperty(image, async (entries) => {
        const layers = await makeLayers(entries)
        const plain = `${home.path}/plain`
        rmSync(plain, { recursive: true, force: true })
        const refused = await unpackAll(plain, layers).then(() => undefined, refusal)
        const tree = await indexOf(layers).catch(refusal)
        if (typeof tree === 'string' || refused !== undefined) {
          expect(tree).toEqual(refused as string)
          return
        }
        expect(await describeIndex(tree, devicesOf(layers))).toEqual(describeTree(plain))
      }),
      { numRuns: 300 },
    )
  },
  60_000,
)

test.skipIf(!isRoot)(
  `any list of layers looks the same mounted and unpacked${unlessRoot}`,
  async () => {
    await fc.assert(
      fc.asyncProperty(image, async (entries) => {
        using home = new Home()
        const layers = await makeLayers(entries)
        const plain = `${home.path}/plain`
        const refused = await unpackAll(plain, layers).then(() => undefined, refusal)
        const snapshots = await home.open()
        const top = await importAll(snapshots, layers).catch(refusal)
        if (refused !== undefined) {
          expect(top).toBe(refused)
          return
        }
        await using view = await snapshots.view(layers.at(-1)?.chainId ?? 'sha256:')
        expect(describeTree(view.root)).toEqual(describeTree(plain))
      }),
      { numRuns: 40 },
    )
  },
  60_000,
)
