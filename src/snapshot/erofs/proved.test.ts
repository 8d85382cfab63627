import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { type Digest, digestHex } from '#oci'
import { mountsBelow, unmount } from '#platform'
import type { TarInput } from '#tar'
import { rawArchive, rawEntry } from '../../tar/testing/archives.ts'
import type { LocalSnapshotter } from '../chain/snapshotter.ts'
import { isMarked, isWhole, markProved, readArchive } from './proved.ts'
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
} from './testing/fixture.ts'

const base: TarInput[] = [{ path: 'etc/motd', body: Buffer.alloc(20_000, 'a') }]
const change: TarInput[] = [{ path: 'top', body: Buffer.from('two') }]

/** Changes five bytes of a file's contents. */
function flip(path: string, at = 5000): void {
  const bytes = readFileSync(path)
  for (let i = at; i < at + 5; i++) bytes[i] = (bytes[i] ?? 0) ^ 1
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
  chmodSync(path, 0o444)
}

function archive(root: string, layer: MadeLayer | undefined): string {
  return `${root}/layers/${digestHex(layer?.diffId ?? 'sha256:')}/layer.tar`
}

const index = (root: string, chainId: Digest): string =>
  `${root}/chains/${digestHex(chainId)}/index.erofs`

const outcomes = (snapshots: LocalSnapshotter, top: Digest, home: Home): Promise<string[]> =>
  Promise.all(
    [snapshots.view(top), snapshots.prepare(top), snapshots.container(top, `${home.path}/c`)].map(
      (call) =>
        call.then(
          async (opened) => {
            await opened[Symbol.asyncDispose]()
            return 'mounted'
          },
          (error: unknown) => String(error),
        ),
    ),
  )

test('readArchive() proves and marks an archive, and then trusts its mark', async () => {
  using home = new Home()
  mkdirSync(home.root, { recursive: true })
  const [layer] = await makeLayers([base])
  if (layer === undefined) throw new RangeError('no layer')
  const path = `${home.root}/layer.tar`
  const read = async (): Promise<Uint8Array> => {
    const chunks = []
    for await (const chunk of readArchive(path, layer.diffId)) chunks.push(Buffer.from(chunk))
    return Buffer.concat(chunks)
  }
  expect(await isWhole(path, layer.diffId)).toBe(false)
  writeFileSync(path, layer.archive)
  expect(isMarked(path)).toBe(false)
  expect(await read()).toEqual(Buffer.from(layer.archive))
  expect(isMarked(path)).toBe(true)
  flip(path)
  await expect(read()).rejects.toMatchObject({ code: 'DIGEST_INVALID' })
  expect(await isWhole(path, layer.diffId)).toBe(false)
  expect(isMarked(path)).toBe(false)
  // A false mark shows that a marked file is not hashed.
  markProved(path)
  expect(await read()).toEqual(readFileSync(path))
  expect(await isWhole(path, layer.diffId)).toBe(true)
})

describe.skipIf(!isRoot)(`what a chain is mounted from${unlessRoot}`, () => {
  const writes: Readonly<Record<string, (path: string) => void>> = {
    'five bytes': (path) => flip(path),
    'five bytes, with its time put back': (path) => {
      const { atime, mtime } = statSync(path)
      flip(path)
      utimesSync(path, atime, mtime)
    },
  }
  for (const [kind, write] of Object.entries(writes)) {
    test(`is not mounted the first time when ${kind} of an archive changed`, async () => {
      using home = new Home()
      const layers = await makeLayers([base, change])
      const top = await importAll(await home.open(), layers)
      write(archive(home.root, layers[0]))
      const message = `Cannot mount snapshot ${top}: ${archive(home.root, layers[0])} is not what it was`
      for (const outcome of await outcomes(await home.open(), top, home)) {
        expect(outcome).toContain(message)
      }
      expect(mountsBelow(home.path)).toEqual([])
    })
  }

  test('is not accepted by the import of another layer above it', async () => {
    using home = new Home()
    const layers = await makeLayers([base, change, [{ path: 'three' }]])
    await importAll(await home.open(), layers.slice(0, 2))
    flip(archive(home.root, layers[0]))
    const snapshots = await home.open()
    const third = layers[2]
    if (third === undefined) throw new RangeError('no layer')
    await snapshots.importLayer(layers[1]?.chainId ?? null, {
      diffId: third.diffId,
      tar: one(third.archive),
    })
    expect(await outcomes(snapshots, third.chainId, home)).not.toContain('mounted')
  })

  test('is proved when it is imported from a file, small or large', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const sizes = [20_000, 20_000_000]
    for (const size of sizes) {
      const [layer] = await makeLayers([[{ path: 'file', body: Buffer.alloc(size, 'b') }]])
      if (layer === undefined) throw new RangeError('no layer')
      const tar = `${home.path}/blob-${size}`
      writeFileSync(tar, layer.archive, { mode: 0o444 })
      flip(tar)
      for (const kind of ['erofs', 'directory'] as const) {
        const importing = (await home.open({ kind })).importLayer(null, { ...layer, tar })
        expect(await importing.catch((error: unknown) => error)).toMatchObject({
          code: 'DIGEST_INVALID',
        })
      }
      expect(await snapshots.has(layer.chainId)).toBe(false)
    }
  })

  test('is not read again unless it was written to', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const layers = await makeLayers([base, change])
    const top = await importAll(snapshots, layers)
    for (const layer of layers) expect(isMarked(archive(home.root, layer))).toBe(true)
    expect(isMarked(index(home.root, top))).toBe(true)
    await using view = await snapshots.view(top)
    expect(readFileSync(`${view.root}/top`, 'utf8')).toBe('two')
  })

  test('is proved and marked once more after a link, a touch, or a copy of the store', async () => {
    using home = new Home()
    const layers = await makeLayers([base, change])
    const top = await importAll(await home.open(), layers)
    linkSync(archive(home.root, layers[0]), `${home.path}/other-name`)
    utimesSync(archive(home.root, layers[1]), new Date(), new Date())
    expect(layers.map((layer) => isMarked(archive(home.root, layer)))).toEqual([false, false])
    expect(new Set(await outcomes(await home.open(), top, home))).toEqual(new Set(['mounted']))
    expect(layers.map((layer) => isMarked(archive(home.root, layer)))).toEqual([true, true])
    for (const { target } of mountsBelow(home.path)) unmount(target)
    using copy = new Home()
    mkdirSync(copy.path, { recursive: true })
    cpSync(home.root, copy.root, { recursive: true, preserveTimestamps: true })
    expect(isMarked(archive(copy.root, layers[0]))).toBe(false)
    await using view = await (await copy.open()).view(top)
    expect(readFileSync(`${view.root}/top`, 'utf8')).toBe('two')
    expect(isMarked(archive(copy.root, layers[0]))).toBe(true)
  })

  const indexDamages: Readonly<Record<string, (path: string) => void>> = {
    'changed in its superblock': (path) => flip(path, 1024 + 80),
    'changed in an inode': (path) => flip(path, readFileSync(path).length - 700),
    truncated: (path) => truncateSync(path, 2048),
    emptied: (path) => truncateSync(path, 0),
    'a pipe': (path) => {
      rmSync(path)
      Bun.spawnSync(['mkfifo', path])
    },
    gone: (path) => rmSync(path),
  }
  for (const [kind, damage] of Object.entries(indexDamages)) {
    test(`has its index created again when that is ${kind}`, async () => {
      using home = new Home()
      const layers = await makeLayers([base, change])
      const top = await importAll(await home.open(), layers)
      const path = index(home.root, top)
      const good = readFileSync(path)
      damage(path)
      await using view = await (await home.open()).view(top)
      expect(readFileSync(`${view.root}/top`, 'utf8')).toBe('two')
      expect(readFileSync(path).equals(good)).toBe(true)
    })
  }

  test('has an index made from archives alone when the index below it was changed', async () => {
    using home = new Home()
    const layers = await makeLayers([base, change])
    const [below, above] = layers
    if (below === undefined || above === undefined) throw new RangeError('two layers')
    await importAll(await home.open(), [below])
    flip(
      index(home.root, below.chainId),
      readFileSync(index(home.root, below.chainId)).length - 700,
    )
    const snapshots = await home.open()
    await importAll(snapshots, layers)
    using other = new Home()
    await importAll(await other.open(), layers)
    const [made, right] = [home, other].map(({ root }) => readFileSync(index(root, above.chainId)))
    expect(right !== undefined && made?.equals(right)).toBe(true)
  })

  for (const [where, at] of [
    ['in a piece', 150],
    ['in a hole', 3000],
  ] as const) {
    test(`has the contents of sparse files created again when they changed ${where}`, async () => {
      using home = new Home()
      const layers = nameLayers([
        rawArchive(rawEntry({ name: './', flag: '5' }), sparseEntry('holes', 9000, [100, 1200])),
      ])
      const top = await importAll(await home.open(), layers)
      const path = archive(home.root, layers[0]).replace('layer.tar', 'sparse.data')
      const good = readFileSync(path)
      flip(path, at)
      const snapshots = await home.open()
      expect(await Array.fromAsync(snapshots.verify())).toMatchObject([{ state: 'damaged' }])
      await using view = await snapshots.view(top)
      expect(readFileSync(`${view.root}/holes`)[at]).toBe(good[at] ?? -1)
      expect(readFileSync(path).equals(good)).toBe(true)
      expect(await Array.fromAsync(snapshots.verify())).toEqual([])
    })
  }

  test('accepts a whole archive from another source when the stored one was changed', async () => {
    using home = new Home()
    const layers = await makeLayers([base, change])
    await importAll(await home.open(), layers.slice(0, 1))
    flip(archive(home.root, layers[0]))
    rmSync(`${home.root}/chains`, { recursive: true })
    const snapshots = await home.open()
    const top = await importAll(snapshots, layers)
    await using view = await snapshots.view(top)
    expect(readFileSync(`${view.root}/etc/motd`, 'utf8')).toBe('a'.repeat(20_000))
    expect(existsSync(`${archive(home.root, layers[0])}.proved`)).toBe(true)
  })
})
