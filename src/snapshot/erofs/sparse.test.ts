import { expect, test } from 'bun:test'
import { lstatSync, readFileSync, statSync } from 'node:fs'
import { packTar } from '#tar'
import { checkIndex } from '../../erofs/testing/check-index.ts'
import { rawArchive, rawEntry } from '../../tar/testing/archives.ts'
import {
  describeTree,
  Home,
  importAll,
  isRoot,
  nameLayers,
  sparseEntry,
  unlessRoot,
  unpackAll,
} from './testing/fixture.ts'

test.skipIf(!isRoot)(
  `sparse files are shown whole, and their holes take no space${unlessRoot}`,
  async () => {
    using home = new Home()
    const huge = 2 ** 38
    const layers = nameLayers([
      rawArchive(
        rawEntry({ name: './', flag: '5' }),
        sparseEntry('holes', 1_000_001, [100, 5000, 999_301]),
        rawEntry({ name: 'plain' }, 'contents'),
        sparseEntry('all-hole', 100_000, []),
        sparseEntry('second', 70_000, [0]),
      ),
      await packTar([
        { path: 'linked', type: 'hardlink', linkpath: 'holes' },
        { path: 'plain', body: Buffer.from('changed') },
      ]),
      rawArchive(sparseEntry('huge', huge, [huge - 700])),
    ])
    await unpackAll(`${home.path}/plain`, layers.slice(0, 2))
    const snapshots = await home.open()
    const top = await importAll(snapshots, layers)
    await using two = await snapshots.view(layers[1]?.chainId ?? 'sha256:')
    expect(describeTree(two.root)).toEqual(describeTree(`${home.path}/plain`))
    await using three = await snapshots.view(top)
    expect(statSync(`${three.root}/huge`).size).toBe(huge)
    expect(readFileSync(`${three.root}/linked`).subarray(5000, 5003).toString()).toBe('BBB')
    for (const { diffId } of [layers[0], layers[2]].filter((each) => each !== undefined)) {
      const { blocks } = lstatSync(`${home.root}/layers/${diffId.slice(7)}/sparse.data`)
      expect(blocks).toBeLessThan(100)
    }
    const index = readFileSync(`${home.root}/chains/${layers[1]?.chainId.slice(7)}/index.erofs`)
    checkIndex(index, new Map())
    await snapshots.cleanStale()
  },
)
