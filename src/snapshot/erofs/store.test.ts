import { describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import type { Digest } from '#oci'
import { mountsBelow, readMounts, unmount } from '#platform'
import { type TarInput, TarLister, writeTar } from '#tar'
import { markProved } from './proved.ts'
import {
  Home,
  importAll,
  isRoot,
  type MadeLayer,
  makeLayers,
  nameLayers,
  one,
  unlessRoot,
} from './testing/fixture.ts'

const text = (value: string): Uint8Array => Buffer.from(value)
const base: TarInput[] = [
  { path: './', type: 'directory', mtime: 1 },
  { path: 'etc/motd', body: text('one') },
  { path: 'bin/tool', body: text('x'.repeat(5000)), mode: 0o4755 },
  { path: 'dev/zero', type: 'character', deviceMajor: 1, deviceMinor: 5, mode: 0o666 },
]
const change: TarInput[] = [{ path: 'etc/motd', body: text('two') }]
const other: TarInput[] = [{ path: 'other', body: text('three') }]

const twoLayers = (): Promise<MadeLayer[]> => makeLayers([base, change])
const topOf = (layers: readonly MadeLayer[]): Digest => layers.at(-1)?.chainId ?? 'sha256:'
const messageOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'done', String)

/** The loop devices whose file is below a path. */
function loopsOn(path: string): string[] {
  return readdirSync('/sys/block')
    .map((name) => `/sys/block/${name}/loop/backing_file`)
    .filter((each) => existsSync(each))
    .map((each) => readFileSync(each, 'utf8').trim())
    .filter((each) => each.startsWith(path))
}

describe.skipIf(!isRoot)(`ErofsSnapshots${unlessRoot}`, () => {
  test('a layer with a listing is not parsed, unless the listing is of another archive', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const file = `${home.path}/archive`
    for (const isRight of [true, false]) {
      const body = text(isRight ? 'one' : 'two')
      const lister = new TarLister()
      const tar = Buffer.concat(await Array.fromAsync(writeTar([{ path: 'real', body }], lister)))
      const { entries = [] } = lister.finish(tar.length) ?? {}
      const listing = {
        entries: entries.map((entry) => ({ ...entry, path: 'listed' })),
        size: isRight ? tar.length : tar.length + 512,
      }
      const [layer] = nameLayers([tar])
      if (layer === undefined) throw new Error('no layer')
      writeFileSync(file, tar)
      chmodSync(file, 0o444)
      const { diffId, chainId } = layer
      await snapshots.importLayer(null, { diffId, tar: file, listing })
      await using view = await snapshots.view(chainId)
      expect(readdirSync(view.root)).toEqual([isRight ? 'listed' : 'real'])
      rmSync(file)
    }
  })

  test('a chain is mounted once for all its users, also those of other processes', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const top = await importAll(snapshots, await twoLayers())
    {
      await using one = await snapshots.container(top, `${home.path}/one`)
      await using two = await (await home.open()).container(top, `${home.path}/two`)
      await using view = await (await home.open()).view(top)
      await using active = await snapshots.prepare(top)
      writeFileSync(`${one.root}/etc/motd`, 'changed')
      for (const each of [two, view, active]) {
        expect(readFileSync(`${each.root}/etc/motd`, 'utf8')).toBe('two')
      }
      expect(
        readMounts().filter(({ type, target }) => type === 'erofs' && target.startsWith(home.run)),
      ).toHaveLength(1)
      expect(await snapshots.cleanStale()).toBe(0)
    }
    const [mount, ...more] = mountsBelow(home.path)
    expect(more).toEqual([])
    expect(mount?.target).toBe(`${home.run}/mounts/chain-${top.slice(7)}`)
    expect(mount?.options).toEqual(expect.arrayContaining(['ro', 'nosuid', 'nodev']))
    expect(await snapshots.cleanStale()).toBe(1)
    expect(mountsBelow(home.path)).toEqual([])
    expect(readdirSync(`${home.run}/users`)).toEqual([])
    expect(readdirSync(`${home.run}/mounts`)).toEqual([])
    expect(readdirSync(`${home.root}/staging`)).toEqual([])
  })

  test('loop devices end with their mount, and a failed mount leaves none', async () => {
    using home = new Home()
    const snapshots = await home.open({ kind: 'erofs', way: 'loop' })
    const layers = await twoLayers()
    const top = await importAll(snapshots, layers)
    {
      await using _view = await snapshots.view(top)
      expect(loopsOn(home.path)).toHaveLength(3)
    }
    await snapshots.cleanStale()
    expect(loopsOn(home.path)).toEqual([])
    // A second superblock with the same numbers, but not EROFS.
    const index = readFileSync(indexOf(home, layers))
    index.fill(0xff, 1024 + 80, 1024 + 84)
    chmodSync(indexOf(home, layers), 0o644)
    writeFileSync(indexOf(home, layers), index)
    // Without the mark the index would be created again.
    markProved(indexOf(home, layers))
    expect(await messageOf(snapshots.view(top))).toContain('its index cannot be read')
    expect(loopsOn(home.path)).toEqual([])
  })

  test('layers are stored once, and are removed with the last chain that needs them', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const left = await makeLayers([base, change])
    const right = await makeLayers([base, other])
    await importAll(snapshots, left)
    await importAll(snapshots, right)
    const kept = (): string[] => readdirSync(`${home.root}/layers`).sort()
    const hexes = [...new Set([...left, ...right].map(({ diffId }) => diffId.slice(7)))].sort()
    expect(kept()).toEqual(hexes)
    for (const hex of hexes) {
      expect(lstatSync(`${home.root}/layers/${hex}/layer.tar`).mode & 0o777).toBe(0o444)
    }
    await snapshots.remove(topOf(left))
    expect(kept()).toHaveLength(2)
    await snapshots.remove(topOf(right))
    expect(kept()).toHaveLength(1)
    await snapshots.remove(left[0]?.chainId ?? 'sha256:')
    expect(kept()).toEqual([])
    expect(readdirSync(`${home.root}/chains`)).toEqual(['.lock'])
    expect(readdirSync(`${home.root}/trash`)).toEqual([])
  })

  test('importLayer() links a read-only file, and copies a writable one', async () => {
    using home = new Home()
    const snapshots = await home.open()
    for (const [n, mode] of [0o444, 0o644].entries()) {
      const [layer] = await makeLayers([[...base, { path: `${n}`, body: text(`${n}`) }]])
      if (layer === undefined) throw new RangeError('no layer')
      const tar = `${home.path}/${n}.tar`
      writeFileSync(tar, layer.archive)
      chmodSync(tar, mode)
      await snapshots.importLayer(null, { ...layer, tar })
      const kept = `${home.root}/layers/${layer.diffId.slice(7)}/layer.tar`
      expect(lstatSync(kept).ino === lstatSync(tar).ino).toBe(mode === 0o444)
      expect(lstatSync(kept).mode & 0o777).toBe(0o444)
      expect(lstatSync(tar).mode & 0o777).toBe(mode)
    }
  })

  test('a file of another size is refused before anything is mounted', async () => {
    const damages: readonly (readonly [
      string,
      (home: Home, layers: readonly MadeLayer[]) => void,
    ])[] = [
      ['bytes instead of', (home, [first]) => truncateSync(archiveOf(home, first), 4096)],
      ['is missing', (home, [, second]) => rmSync(archiveOf(home, second))],
    ]
    for (const [reason, damage] of damages) {
      using home = new Home()
      const snapshots = await home.open()
      const layers = await twoLayers()
      const top = await importAll(snapshots, layers)
      damage(home, layers)
      for (const call of [
        () => snapshots.view(top),
        () => snapshots.prepare(top),
        () => snapshots.container(top, `${home.path}/c`),
      ]) {
        const message = await messageOf(call())
        expect(message).toStartWith(`StrakeError: Cannot mount snapshot ${top}: `)
        expect(message).toContain(reason)
      }
      expect(mountsBelow(home.path)).toEqual([])
      expect(readdirSync(`${home.run}/users`)).toEqual([])
      expect(readdirSync(`${home.run}/mounts`)).toEqual([])
      expect(readdirSync(`${home.root}/staging`)).toEqual([])
    }
  })

  test('an index can always be created again from the layers, byte for byte', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const layers = await makeLayers([base, change, other])
    const top = await importAll(snapshots, layers)
    const before = readFileSync(indexOf(home, layers))
    for (const { chainId } of layers.slice(1))
      rmSync(`${home.root}/chains/${chainId.slice(7)}/index.erofs`)
    await using view = await (await home.open()).view(top)
    expect(readFileSync(`${view.root}/other`, 'utf8')).toBe('three')
    expect(readFileSync(indexOf(home, layers)).equals(before)).toBe(true)
  })

  test('chains are mounted again after a reboot', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const top = await importAll(snapshots, await twoLayers())
    const container = await snapshots.container(top, `${home.path}/c`)
    writeFileSync(`${container.root}/data`, 'kept')
    for (const { target } of mountsBelow(home.path)) unmount(target)
    rmSync(home.run, { recursive: true })
    await using again = await (await home.open()).container(top, `${home.path}/c`)
    expect(readFileSync(`${again.root}/data`, 'utf8')).toBe('kept')
    expect(readFileSync(`${again.root}/etc/motd`, 'utf8')).toBe('two')
  })

  test('cleanStale() unmounts a container whose directory was removed', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const top = await importAll(snapshots, await twoLayers())
    await using kept = await snapshots.container(top, `${home.path}/kept`)
    await snapshots.container(top, `${home.path}/gone`)
    expect(await snapshots.cleanStale()).toBe(0)
    rmSync(`${home.path}/gone`, { recursive: true })
    // The overlay, and its note.
    expect(await snapshots.cleanStale()).toBe(2)
    expect(await snapshots.cleanStale()).toBe(0)
    expect(readFileSync(`${kept.root}/etc/motd`, 'utf8')).toBe('two')
  })

  test('cleanStale() removes what a killed process has left, and nothing of a live one', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const layers = await twoLayers()
    const top = await importAll(snapshots, layers)
    const [extra] = await makeLayers([other])
    writeFileSync(`${home.path}/extra.tar`, extra?.archive ?? '')
    const code = `
    import { readFileSync } from 'node:fs'
    import { openSnapshots } from ${JSON.stringify(`${import.meta.dirname}/../open.ts`)}
    const snapshots = await openSnapshots(${JSON.stringify(home.root)}, ${JSON.stringify(home.run)}, { kind: 'erofs' })
    await snapshots.prepare(${JSON.stringify(top)})
    await snapshots.view(${JSON.stringify(layers[0]?.chainId)})
    async function* tar() {
      const bytes = readFileSync(${JSON.stringify(`${home.path}/extra.tar`)})
      yield bytes.subarray(0, 1024)
      process.kill(process.pid, 'SIGKILL')
      await new Promise(() => {})
    }
    await snapshots.importLayer(null, { diffId: ${JSON.stringify(extra?.diffId)}, tar: tar() })`
    const child = spawn(process.execPath, ['-e', code], { stdio: 'inherit' })
    await new Promise((resolve) => child.once('exit', resolve))
    expect(readdirSync(`${home.root}/staging`)).toHaveLength(2)
    await using mine = await snapshots.prepare(top)
    mkdirSync(`${home.root}/layers/${'0'.repeat(64)}`)
    // An overlay, two stagings, two notes, a chain without a user, a layer without a chain.
    expect(await snapshots.cleanStale()).toBe(7)
    expect(await snapshots.cleanStale()).toBe(0)
    expect(readFileSync(`${mine.root}/etc/motd`, 'utf8')).toBe('two')
    expect(readdirSync(`${home.root}/layers`)).toHaveLength(2)
  })

  test('setuid and devices work in a container, and not in a view', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const top = await importAll(snapshots, await twoLayers())
    await using container = await snapshots.container(top, `${home.path}/c`)
    await using view = await snapshots.view(top)
    expect(readFileSync(`${view.root}/bin/tool`)).toHaveLength(5000)
    expect(() => readFileSync(`${view.root}/dev/zero`)).toThrow('EACCES')
    expect(statSync(`${container.root}/bin/tool`).mode & 0o7777).toBe(0o4755)
    const options = readMounts().findLast(({ target }) => target === container.root)?.options
    expect(options).not.toContain('nosuid')
    expect(options).not.toContain('nodev')
  })

  test('both kinds of snapshots live in one store', async () => {
    using home = new Home()
    const layers = await twoLayers()
    const directories = await home.open({ kind: 'directory' })
    const mounted = await home.open()
    const top = await importAll(directories, layers)
    expect(await mounted.has(top)).toBe(false)
    expect(await messageOf(mounted.view(top))).toContain('there is no such snapshot')
    await importAll(mounted, layers)
    for (const snapshots of [directories, mounted]) {
      expect(await Array.fromAsync(snapshots.list(), ({ chainId }) => chainId)).toHaveLength(2)
      await using view = await snapshots.view(top)
      expect(readFileSync(`${view.root}/etc/motd`, 'utf8')).toBe('two')
    }
    await directories.remove(top)
    expect(await mounted.has(top)).toBe(false)
  })

  test('importLayer() finds its parent whatever the order of imports', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const left = await makeLayers([base, change, other])
    const right = await makeLayers([base, other, change])
    const [a, b] = await Promise.all([
      importAll(snapshots, left),
      importAll(await home.open(), right),
    ])
    for (const top of [a, b]) {
      await using view = await snapshots.view(top)
      expect(readFileSync(`${view.root}/other`, 'utf8')).toBe('three')
    }
  })

  test('importLayer() stops when its signal is aborted, and leaves nothing', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const [layer] = await makeLayers([base])
    if (layer === undefined) throw new RangeError('no layer')
    const controller = new AbortController()
    const reason = new Error('enough')
    const tar = (async function* () {
      yield layer.archive.subarray(0, 512)
      controller.abort(reason)
      yield layer.archive.subarray(512)
    })()
    const call = snapshots.importLayer(null, { ...layer, tar }, { signal: controller.signal })
    expect(await call.catch((error: unknown) => error)).toBe(reason)
    expect(readdirSync(`${home.root}/staging`)).toEqual([])
    expect(existsSync(`${home.root}/layers`)).toBe(false)
    await snapshots.importLayer(null, { ...layer, tar: one(layer.archive) })
  })

  test('importLayer() of a missing file leaves nothing', async () => {
    using home = new Home()
    const snapshots = await home.open()
    const [layer] = await makeLayers([base])
    if (layer === undefined) throw new RangeError('no layer')
    const call = snapshots.importLayer(null, { ...layer, tar: `${home.root}/gone` })
    await expect(call).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(`${home.root}/staging`)).toEqual([])
  })
})

function archiveOf(home: Home, layer: MadeLayer | undefined): string {
  return `${home.root}/layers/${layer?.diffId.slice(7)}/layer.tar`
}

function indexOf(home: Home, layers: readonly MadeLayer[]): string {
  return `${home.root}/chains/${topOf(layers).slice(7)}/index.erofs`
}
