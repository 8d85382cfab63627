import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { digestHex } from '#oci'
import type { LocalSnapshotter, SnapshotFinding, VerifyOptions } from './chain/snapshotter.ts'
import {
  Home,
  importAll,
  isRoot,
  type MadeLayer,
  makeLayers,
  one,
  unlessRoot,
} from './erofs/testing/fixture.ts'

const damages: Readonly<Record<string, (path: string) => void>> = {
  // The first half still names whole layers: the lower ones.
  halved: (path) => truncateSync(path, Math.ceil(readFileSync(path).length / 2)),
  'without its last layer': (path) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, lines.slice(0, 2).join('\n'))
  },
  'of other layers': (path) => {
    const lines = readFileSync(path, 'utf8').split('\n')
    writeFileSync(path, [lines[1], lines[0], ...lines.slice(2)].join('\n'))
  },
  'changed by a digit': (path) => {
    const text = readFileSync(path, 'utf8')
    const at = path.endsWith('layers') ? text.indexOf(' ') + 1 : text.indexOf(':') + 1
    const other = text[at] === '1' ? '2' : '1'
    writeFileSync(path, text.slice(0, at) + other + text.slice(at + 1))
  },
  emptied: (path) => truncateSync(path, 0),
  gone: (path) => rmSync(path),
  'a directory': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
  'a pipe': (path) => {
    rmSync(path)
    Bun.spawnSync(['mkfifo', path])
  },
}

const threeLayers = (): Promise<MadeLayer[]> =>
  makeLayers([
    [{ path: 'etc/motd', body: Buffer.from('one') }],
    [{ path: 'etc/motd', body: Buffer.from('two') }],
    [{ path: 'top', body: Buffer.from('three') }],
  ])

const verify = (snapshots: LocalSnapshotter, options?: VerifyOptions): Promise<SnapshotFinding[]> =>
  Array.fromAsync(snapshots.verify(options))

/** Heals with whole archives and, if `known` is given, with the diff IDs of images. */
function heal(layers: readonly MadeLayer[], known?: VerifyOptions['known']): VerifyOptions {
  const archiveOf: VerifyOptions['archiveOf'] = async (wanted) => {
    const layer = layers.find(({ diffId }) => diffId === wanted)
    return layer && one(layer.archive)
  }
  return { archiveOf, known }
}

const lists = [
  ['directory', 'parents'],
  ['erofs', 'parents'],
  ['erofs', 'layers'],
] as const

describe.skipIf(!isRoot)(`the list of the layers of a chain${unlessRoot}`, () => {
  for (const [kind, file] of lists) {
    for (const [damage, change] of Object.entries(damages)) {
      test(`${kind}: ${file} that is ${damage} is never used, and is healed from lists that match`, async () => {
        using home = new Home()
        const snapshots = await home.open({ kind })
        const layers = await threeLayers()
        const top = await importAll(snapshots, layers)
        const path = `${home.root}/chains/${digestHex(top)}/${file}`
        const good = readFileSync(path)
        change(path)
        const other = await home.open({ kind })
        const seen = await other.view(top).then(
          async (view) => {
            await using shown = view
            return existsSync(`${shown.root}/top`) ? 'whole' : 'without its upper layers'
          },
          (error: unknown) => String(error),
        )
        expect(seen).not.toBe('without its upper layers')
        const [finding, ...more] = await verify(other)
        expect(more).toEqual([])
        expect(finding).toMatchObject({ subject: `snapshot ${top}`, state: 'damaged' })
        expect(finding?.problem).toContain(`its file ${file} `)
        const known = [layers.map(({ diffId }) => diffId)]
        expect(await verify(other, heal(layers, known))).toMatchObject([{ state: 'healed' }])
        expect(await verify(other)).toEqual([])
        expect(readFileSync(path).equals(good)).toBe(true)
        await using view = await other.view(top)
        expect(readFileSync(`${view.root}/etc/motd`, 'utf8')).toBe('two')
        expect(readFileSync(`${view.root}/top`, 'utf8')).toBe('three')
      })
    }
  }

  test('erofs: lists are healed from each other and from higher chains, without an image', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const layers = await threeLayers()
    await importAll(snapshots, layers)
    const folders = layers.map(({ chainId }) => `${home.root}/chains/${digestHex(chainId)}`)
    rmSync(`${folders[2]}/layers`)
    rmSync(`${folders[1]}/parents`)
    for (const file of ['layers', 'parents']) rmSync(`${folders[0]}/${file}`)
    const states = (await verify(snapshots, heal(layers))).map(({ state }) => state)
    expect(states).toEqual(['healed', 'healed', 'healed'])
    expect(await verify(snapshots)).toEqual([])
  })

  for (const kind of ['directory', 'erofs'] as const) {
    test(`${kind}: a chain without any valid list is set aside, and the next import creates it`, async () => {
      using home = new Home()
      const snapshots = await home.open({ kind })
      const layers = await threeLayers()
      const top = await importAll(snapshots, layers)
      for (const file of ['layers', 'parents']) {
        rmSync(`${home.root}/chains/${digestHex(top)}/${file}`, { force: true })
      }
      expect(await verify(snapshots, heal(layers))).toMatchObject([{ state: 'lost' }])
      expect(await snapshots.has(top)).toBe(false)
      expect(await verify(snapshots)).toEqual([])
      await importAll(snapshots, layers)
      await using view = await snapshots.view(top)
      expect(readFileSync(`${view.root}/top`, 'utf8')).toBe('three')
    })
  }

  test('directory: a tree whose parent is missing is set aside with its descendants', async () => {
    using home = new Home()
    const snapshots = await home.open({ kind: 'directory' })
    const layers = await threeLayers()
    const top = await importAll(snapshots, layers)
    rmSync(`${home.root}/chains/${digestHex(layers[0]?.chainId ?? 'sha256:')}`, {
      recursive: true,
    })
    expect(await verify(snapshots)).toMatchObject([{ state: 'damaged' }, { state: 'damaged' }])
    expect(await verify(snapshots, heal(layers))).toMatchObject([
      { state: 'lost' },
      { state: 'lost' },
    ])
    await importAll(snapshots, layers)
    await using view = await snapshots.view(top)
    expect(readFileSync(`${view.root}/top`, 'utf8')).toBe('three')
  })

  test('erofs: no archive is collected while a damaged list may name it', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const layers = await threeLayers()
    const top = await importAll(snapshots, layers)
    for (const file of ['layers', 'parents']) {
      writeFileSync(`${home.root}/chains/${digestHex(top)}/${file}`, '')
    }
    await snapshots.cleanStale()
    for (const { diffId } of layers) {
      expect(existsSync(`${home.root}/layers/${digestHex(diffId)}/layer.tar`)).toBe(true)
    }
  })
})
