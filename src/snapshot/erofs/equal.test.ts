import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import type { Digest } from '#oci'
import { chainFixtures } from '../../erofs/testing/chains.ts'
import { checkIndex } from '../../erofs/testing/check-index.ts'
import { layerFixtures } from '../../erofs/testing/fixture.ts'
import { openSnapshots } from '../open.ts'
import {
  type Described,
  type Description,
  describeIndex,
  describeTree,
  Home,
  importAll,
  isRoot,
  type MadeLayer,
  makeLayers,
  readChain,
  unlessRoot,
  unpackAll,
} from './testing/fixture.ts'

function expectSame(
  actual: Description,
  expected: Description,
  but: (keyof Described)[] = [],
): void {
  const shape = (all: Description) =>
    Object.fromEntries(
      Object.entries(all).map(([path, each]) => [
        path,
        Object.entries(each)
          .filter(([key]) => !but.includes(key as keyof Described))
          .map(([key, value]) => `${key} ${value}`),
      ]),
    )
  expect(shape(actual)).toEqual(shape(expected))
}

/** Shows the layers in every possible way, and expects them to look the same. */
async function compare(home: Home, layers: readonly MadeLayer[]): Promise<void> {
  await unpackAll(`${home.path}/plain`, layers)
  const plain = describeTree(`${home.path}/plain`)
  const snapshots = await home.open()
  const top = await importAll(snapshots, layers)
  await using mounted = await snapshots.view(top)
  expectSame(describeTree(mounted.root), plain)
  await looped(home, top, plain)
  const devices = new Map(layers.map(({ diffId, archive }) => [diffId.slice(7), archive]))
  expectSame(await describeIndex(readChain(home.root, top), devices), plain)
  checkIndex(readFileSync(`${home.root}/chains/${top.slice(7)}/index.erofs`), devices)
  using other = new Home()
  const directories = await other.open({ kind: 'directory' })
  await using unpacked = await directories.view(await importAll(directories, layers))
  // Overlayfs gives a file of a lower layer a new identity when an upper layer links it.
  expectSame(describeTree(unpacked.root), plain, ['links', 'sameAs'])
}

/** Shows the same chain through loop devices, mounted elsewhere. */
async function looped(home: Home, top: Digest, plain: Description): Promise<void> {
  if (!existsSync('/dev/loop-control')) return
  const options = { kind: 'erofs', way: 'loop' } as const
  const snapshots = await openSnapshots(home.root, `${home.path}/loop-run`, options)
  await using view = await snapshots.view(top)
  expectSame(describeTree(view.root), plain)
}

for (const [name, entries] of Object.entries({ ...layerFixtures, ...chainFixtures })) {
  test.skipIf(!isRoot)(
    `a mounted index shows what an unpacker makes of ${name}${unlessRoot}`,
    async () => {
      for (const count of entries.keys()) {
        using home = new Home()
        await compare(home, await makeLayers(entries.slice(0, count + 1)))
      }
    },
  )
}
