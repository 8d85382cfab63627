import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { digestHex } from '#oci'
import type { TarInput } from '#tar'
import { rawArchive, rawEntry } from '../../../tar/testing/archives.ts'
import type { LocalSnapshotter, SnapshotFinding } from '../../chain/snapshotter.ts'
import {
  Home,
  importAll,
  isRoot,
  type MadeLayer,
  makeLayers,
  nameLayers,
  one,
  sparseEntry,
  unlessRoot,
} from '../testing/fixture.ts'

const base: TarInput[] = [{ path: 'etc/motd', body: Buffer.from('one') }]
const change: TarInput[] = [{ path: 'etc/motd', body: Buffer.from('two') }]

const damages: Readonly<Record<string, (path: string) => void>> = {
  'one bit': (path) => {
    const bytes = readFileSync(path)
    const at = Math.min(bytes.length - 1, 1300)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    chmodSync(path, 0o644)
    writeFileSync(path, bytes)
  },
  halved: (path) => truncateSync(path, readFileSync(path).length >> 1),
  extended: (path) => writeFileSync(path, 'x', { flag: 'a' }),
  gone: (path) => rmSync(path),
  'a directory': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
}

const verify = (
  snapshots: LocalSnapshotter,
  layers?: readonly MadeLayer[],
): Promise<SnapshotFinding[]> =>
  Array.fromAsync(
    snapshots.verify(
      layers && {
        archiveOf: async (diffId) => {
          const layer = layers.find((each) => each.diffId === diffId)
          return layer && one(layer.archive)
        },
      },
    ),
  )

describe.skipIf(!isRoot)(`ErofsSnapshots.verify()${unlessRoot}`, () => {
  for (const [kind, damage] of Object.entries(damages)) {
    test(`finds and heals an archive that is ${kind}, also under a mount`, async () => {
      using home = new Home()
      const snapshots = await home.open()
      const layers = await makeLayers([base, change])
      const top = await importAll(snapshots, layers)
      const { diffId = 'sha256:' } = layers[0] ?? {}
      await (await snapshots.view(top))[Symbol.asyncDispose]()
      damage(`${home.root}/layers/${digestHex(diffId)}/layer.tar`)
      expect(await verify(snapshots)).toMatchObject([
        { subject: `layer ${diffId}`, state: 'damaged' },
      ])
      expect(await verify(snapshots, layers)).toMatchObject([{ state: 'healed' }])
      expect(await verify(snapshots)).toEqual([])
      await using view = await snapshots.view(top)
      expect(readFileSync(`${view.root}/etc/motd`, 'utf8')).toBe('two')
    })

    test(`finds and heals an index that is ${kind}, without using one`, async () => {
      using home = new Home()
      const snapshots = await home.open()
      const layers = await makeLayers([base, change])
      const top = await importAll(snapshots, layers)
      damage(`${home.root}/chains/${digestHex(top)}/index.erofs`)
      const states = (await verify(snapshots)).map(({ state }) => state)
      expect(states).toEqual(kind === 'gone' ? [] : ['damaged'])
      await verify(snapshots, layers)
      expect(await verify(snapshots)).toEqual([])
      await using view = await snapshots.view(top)
      expect(readFileSync(`${view.root}/etc/motd`, 'utf8')).toBe('two')
    })

    test(`finds and heals contents of sparse files that are ${kind}, also under a mount`, async () => {
      using home = new Home()
      const snapshots = await home.open()
      const layers = nameLayers([
        rawArchive(rawEntry({ name: './', flag: '5' }), sparseEntry('holes', 9000, [100, 1200])),
        ...(await makeLayers([change])).map(({ archive }) => archive),
      ])
      const top = await importAll(snapshots, layers)
      await (await snapshots.view(top))[Symbol.asyncDispose]()
      const { diffId = 'sha256:' } = layers[0] ?? {}
      damage(`${home.root}/layers/${digestHex(diffId)}/sparse.data`)
      const expected = { subject: `layer ${diffId}`, problem: expect.stringMatching(/^sparse/) }
      expect(await verify(snapshots)).toMatchObject([{ ...expected, state: 'damaged' }])
      expect(await verify(snapshots, layers)).toMatchObject([{ ...expected, state: 'healed' }])
      expect(await verify(snapshots)).toEqual([])
      await using view = await snapshots.view(top)
      const contents = readFileSync(`${view.root}/holes`)
      expect([contents.length, contents[99], contents[100], contents[1899]]).toEqual([
        9000, 0, 0x41, 0x42,
      ])
    })
  }

  test('does not mount a damaged archive that cannot be replaced', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const layers = await makeLayers([base, change])
    const top = await importAll(snapshots, layers)
    const { diffId = 'sha256:' } = layers[1] ?? {}
    damages['one bit']?.(`${home.root}/layers/${digestHex(diffId)}/layer.tar`)
    const [finding] = await verify(snapshots, [])
    expect(finding).toMatchObject({ subject: `layer ${diffId}`, state: 'lost' })
    expect(await snapshots.view(top).then(() => 'mounted', String)).toContain('is missing')
  })

  test('accepts no other archive in place of a damaged one', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const layers = await makeLayers([base, change])
    await importAll(snapshots, layers)
    const { diffId = 'sha256:' } = layers[0] ?? {}
    damages['one bit']?.(`${home.root}/layers/${digestHex(diffId)}/layer.tar`)
    const wrong = layers.map((layer) => ({ ...layer, archive: Buffer.from('else') }))
    expect(await verify(snapshots, wrong)).toMatchObject([{ state: 'lost' }])
  })
})
