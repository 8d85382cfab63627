import { expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createHasher } from '#stream'
import { readTar, type TarEntry, TarLister } from '#tar'
import { applyLayer } from './apply.ts'
import { type DiffUpperOptions, diffUpper, packTree } from './diff.ts'
import { describeTree, isRoot, one, scratch, unlessRoot } from './testing/tree.ts'

/** An overlay above a small system; unmounted and removed with the scope. */
class Overlay implements Disposable {
  readonly #scratch = scratch()
  readonly lower: string = this.#make('lower')
  readonly upper: string = this.#make('upper')
  readonly merged: string = this.#make('merged')

  constructor(mountOptions = 'redirect_dir=off,metacopy=off') {
    this.put(
      'lower',
      'etc/passwd',
      'etc/group',
      'usr/bin/tool',
      'var/cache/a',
      'var/cache/b',
      'tmp/x',
    )
    symlinkSync('usr/bin', join(this.lower, 'bin'))
    chmodSync(join(this.lower, 'tmp'), 0o1777)
    const work = this.#make('work')
    const layers = `lowerdir=${this.lower},upperdir=${this.upper},workdir=${work}`
    execFileSync('mount', [
      '-t',
      'overlay',
      'overlay',
      '-o',
      `${layers},${mountOptions}`,
      this.merged,
    ])
  }

  put(where: 'lower' | 'merged', ...paths: readonly string[]): void {
    for (const path of paths) {
      mkdirSync(join(this[where], path, '..'), { recursive: true })
      writeFileSync(join(this[where], path), `${where} ${path}`)
    }
  }

  path(path: string): string {
    return join(this.merged, path)
  }

  async diff(options: DiffUpperOptions = {}): Promise<string[]> {
    const lines: string[] = []
    const read: unknown[] = []
    const lister = new TarLister()
    const tar = diffUpper(this.upper, { lower: this.lower, lister, ...options })
    for await (const entry of readTar(tar)) {
      lines.push(line(entry))
      const { body: _, ...placed } = entry
      read.push(placed)
    }
    expect(lister.finish(0)?.entries as readonly unknown[]).toEqual(read)
    return lines
  }

  [Symbol.dispose](): void {
    execFileSync('umount', [this.merged])
    this.#scratch[Symbol.dispose]()
  }

  #make(name: string): string {
    const path = join(this.#scratch.path, name)
    mkdirSync(path)
    return path
  }
}

function line(entry: TarEntry): string {
  const { path, type, linkpath } = entry
  return `${type} ${path}${linkpath === '' ? '' : ` -> ${linkpath}`}`
}

const overlayTest = test.skipIf(!isRoot)

overlayTest(`diffUpper() is empty when nothing changed${unlessRoot}`, async () => {
  using overlay = new Overlay()
  expect(await overlay.diff()).toEqual([])
  expect(await overlay.diff({ lower: overlay.merged })).toEqual([])
})

overlayTest(
  `diffUpper() yields new, changed and deleted names in byte order${unlessRoot}`,
  async () => {
    using overlay = new Overlay()
    overlay.put('merged', 'new/b', 'new/B', 'new/a.b', 'new/a/c', 'etc/passwd')
    rmSync(overlay.path('etc/group'))
    rmSync(overlay.path('var'), { recursive: true })
    symlinkSync('passwd', overlay.path('etc/link'))
    expect(await overlay.diff()).toEqual([
      'directory etc',
      'file etc/.wh.group',
      'symlink etc/link -> passwd',
      'file etc/passwd',
      'directory new',
      'file new/B',
      'directory new/a',
      'file new/a/c',
      'file new/a.b',
      'file new/b',
      'file .wh.var',
    ])
  },
)

overlayTest(`diffUpper() marks a replaced directory as opaque${unlessRoot}`, async () => {
  using overlay = new Overlay()
  rmSync(overlay.path('var'), { recursive: true })
  overlay.put('merged', 'var/cache/b')
  expect(await overlay.diff()).toEqual([
    'directory var',
    'file var/.wh..wh..opq',
    'directory var/cache',
    'file var/cache/b',
  ])
  rmSync(overlay.path('var'), { recursive: true })
  writeFileSync(overlay.path('var'), '')
  expect(await overlay.diff()).toEqual(['file var'])
})

overlayTest(`diffUpper() leaves out files that were only copied up${unlessRoot}`, async () => {
  using overlay = new Overlay()
  closeSync(openSync(overlay.path('etc/passwd'), 'r+'))
  overlay.put('merged', 'tmp/gone')
  rmSync(overlay.path('tmp/gone'))
  chownSync(overlay.path('usr'), 0, 0)
  expect(await overlay.diff()).toEqual([])
  expect(await overlay.diff({ lower: '/proc/self/fdinfo' })).toEqual([
    'directory etc',
    'file etc/passwd',
    'directory tmp',
    'directory usr',
  ])
})

overlayTest(
  `diffUpper() detects changed contents with equal times and sizes${unlessRoot}`,
  async () => {
    using overlay = new Overlay()
    for (const root of [overlay.lower, overlay.merged]) {
      if (root === overlay.merged) writeFileSync(join(root, 'usr/bin/tool'), 'LOWER usr/bin/tool')
      utimesSync(join(root, 'usr/bin/tool'), 1000, 1000)
    }
    expect(await overlay.diff()).toEqual([
      'directory usr',
      'directory usr/bin',
      'file usr/bin/tool',
    ])
  },
)

overlayTest(`diffUpper() detects changes of mode, owner and attributes${unlessRoot}`, async () => {
  using overlay = new Overlay()
  chmodSync(overlay.path('etc/group'), 0o600)
  chownSync(overlay.path('usr/bin/tool'), 1000, 1000)
  chmodSync(overlay.path('tmp'), 0o700)
  execFileSync('setcap', ['cap_net_raw+ep', overlay.path('etc/passwd')])
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'x', overlay.path('var')])
  expect(await overlay.diff()).toEqual([
    'directory etc',
    'file etc/group',
    'file etc/passwd',
    'directory tmp',
    'directory usr',
    'directory usr/bin',
    'file usr/bin/tool',
    'directory var',
  ])
  const found: string[] = []
  for await (const entry of readTar(diffUpper(overlay.upper))) {
    for (const name of entry.xattrs.keys()) found.push(`${entry.path} ${name}`)
  }
  expect(found).toEqual(['etc/passwd security.capability', 'var user.note'])
})

overlayTest(`diffUpper() keeps names of one file together${unlessRoot}`, async () => {
  using overlay = new Overlay()
  overlay.put('merged', 'opt/a')
  linkSync(overlay.path('opt/a'), overlay.path('opt/b'))
  linkSync(overlay.path('etc/passwd'), overlay.path('opt/passwd'))
  symlinkSync('a', overlay.path('opt/s'))
  linkSync(overlay.path('opt/s'), overlay.path('opt/t'))
  expect(await overlay.diff()).toEqual([
    'directory etc',
    'file etc/passwd',
    'directory opt',
    'file opt/a',
    'hardlink opt/b -> opt/a',
    'hardlink opt/passwd -> etc/passwd',
    'symlink opt/s -> a',
    'hardlink opt/t -> opt/s',
  ])
})

overlayTest(`diffUpper() leaves out mount points that a runtime created${unlessRoot}`, async () => {
  using overlay = new Overlay()
  for (const path of ['etc/resolv.conf', 'srv/full']) {
    mkdirSync(join(overlay.path(path), '..'), { recursive: true })
    writeFileSync(overlay.path(path), path === 'srv/full' ? 'user' : '')
  }
  mkdirSync(overlay.path('proc'))
  mkdirSync(overlay.path('dev/pts'), { recursive: true })
  overlay.put('merged', 'sys/kernel/x')
  const stubs = ['/etc/resolv.conf', '/proc', 'dev', 'dev/pts', 'srv', 'srv/full', 'srv/none']
  expect(await overlay.diff({ stubs, exclude: ['/sys'] })).toEqual([
    'directory srv',
    'file srv/full',
  ])
})

overlayTest(
  `diffUpper() clamps times to the epoch and is the same every time${unlessRoot}`,
  async () => {
    using overlay = new Overlay()
    overlay.put('merged', 'a', 'd/b')
    utimesSync(overlay.path('a'), 500.75, 500.75)
    const times: Record<string, number> = {}
    for await (const entry of readTar(diffUpper(overlay.upper, { epoch: 1000 }))) {
      times[entry.path] = entry.mtime + entry.mtimeNanoseconds
    }
    expect(times).toEqual({ a: 500, d: 1000, 'd/b': 1000 })
    const digest = async (): Promise<string> => {
      const hasher = createHasher()
      for await (const chunk of diffUpper(overlay.upper, { epoch: 1000 })) hasher.update(chunk)
      return hasher.digest()
    }
    const first = await digest()
    renameSync(overlay.path('d/b'), overlay.path('d/c'))
    renameSync(overlay.path('d/c'), overlay.path('d/b'))
    expect(await digest()).toBe(first)
  },
)

overlayTest(`diffUpper() refuses files that overlayfs stores elsewhere${unlessRoot}`, async () => {
  using moved = new Overlay('redirect_dir=on,metacopy=off')
  renameSync(moved.path('var'), moved.path('moved'))
  await expect(moved.diff()).rejects.toThrow(
    'Cannot make a layer of moved: overlayfs stored it with redirect',
  )
  using thin = new Overlay('redirect_dir=on,metacopy=on')
  chmodSync(thin.path('etc/passwd'), 0o600)
  await expect(thin.diff()).rejects.toThrow('overlayfs stored it with metacopy')
})

overlayTest(
  `diffUpper() yields a layer that turns the parent into the mounted tree${unlessRoot}`,
  async () => {
    using overlay = new Overlay()
    overlay.put('merged', 'new/deep/er', 'etc/passwd', 'usr/bin/tool')
    appendFileSync(overlay.path('var/cache/a'), 'more')
    rmSync(overlay.path('etc/group'))
    rmSync(overlay.path('tmp'), { recursive: true })
    overlay.put('merged', 'tmp/y')
    rmSync(overlay.path('bin'))
    mkdirSync(overlay.path('bin'))
    execFileSync('mkfifo', ['-m', '600', overlay.path('bin/fifo')])
    execFileSync('mknod', ['-m', '666', overlay.path('bin/null'), 'c', '1', '3'])
    using copy = scratch()
    execFileSync('cp', ['-a', `${overlay.lower}/.`, copy.path])
    await applyLayer(diffUpper(overlay.upper, { lower: overlay.lower, subsecond: true }), copy.path)
    const shown = (root: string): string[] => describeTree(root).split('\n').slice(1)
    expect(shown(copy.path)).toEqual(shown(overlay.merged))
    // Also applied to an overlay, as snapshots do.
    using again = new Overlay()
    await applyLayer(diffUpper(overlay.upper, { lower: overlay.lower }), again.merged)
    const second = await again.diff()
    expect(second).toContain('file etc/.wh.group')
    expect(shown(again.merged).map((text) => text.split(' ')[0])).toEqual(
      shown(overlay.merged).map((text) => text.split(' ')[0]),
    )
  },
)

overlayTest(
  `diffUpper() gives the upper directory the times of its layer${unlessRoot}`,
  async () => {
    using overlay = new Overlay()
    using copy = scratch()
    for (const path of [
      'etc/passwd',
      'etc/group',
      'var/cache/a',
      'var/cache',
      'var',
      'etc',
      'tmp',
      'usr',
      '.',
    ]) {
      utimesSync(join(overlay.lower, path), 500, 500)
    }
    execFileSync('cp', ['-a', `${overlay.lower}/.`, copy.path])
    overlay.put('merged', 'tmp/gone', 'new/file')
    rmSync(overlay.path('tmp/gone'))
    closeSync(openSync(overlay.path('etc/passwd'), 'r+'))
    writeFileSync(overlay.path('var/cache/a'), 'lower var/cache/a')
    utimesSync(overlay.path('var/cache/a'), 900.5, 900.5)
    symlinkSync('x', overlay.path('new/link'))
    const layer: string[] = []
    const chunks: Uint8Array[] = []
    const options = { lower: overlay.lower, epoch: 1000, normalizeTimes: true }
    for await (const chunk of diffUpper(overlay.upper, options)) chunks.push(new Uint8Array(chunk))
    for await (const entry of readTar(one(Buffer.concat(chunks)))) layer.push(line(entry))
    expect(layer).toEqual([
      'directory new',
      'file new/file',
      'symlink new/link -> x',
      'directory var',
      'directory var/cache',
      'file var/cache/a',
    ])
    await applyLayer(one(Buffer.concat(chunks)), copy.path)
    execFileSync('mount', ['-o', 'remount', overlay.merged])
    const times = (root: string): string[] =>
      ['.', 'tmp', 'etc', 'etc/passwd', 'new', 'new/file', 'new/link', 'var', 'var/cache/a'].map(
        (path) => `${path} ${lstatSync(join(root, path), { bigint: true }).mtimeNs}`,
      )
    expect(times(overlay.merged)).toEqual(times(copy.path))
    expect(times(copy.path)).toContain('tmp 500000000000')
    expect(times(copy.path)).toContain('var/cache/a 900000000000')
    expect(await overlay.diff({ epoch: 1000 })).toEqual(layer)
  },
)

test('packTree() throws the reason of its signal', async () => {
  using tree = scratch()
  for (let i = 0; i < 40; i++) writeFileSync(join(tree.path, `${i}`), '')
  const reason = new Error('enough')
  const read = async (): Promise<void> => {
    for await (const _ of packTree(tree.path, { signal: AbortSignal.abort(reason) }));
  }
  await expect(read()).rejects.toBe(reason)
})

test('packTree() names a file that shrinks while it is read', async () => {
  using tree = scratch()
  const path = join(tree.path, 'log')
  writeFileSync(path, Buffer.alloc(3_000_000))
  const read = async (): Promise<void> => {
    for await (const chunk of packTree(tree.path)) {
      if (chunk.length > 0) writeFileSync(path, 'short')
    }
  }
  await expect(read()).rejects.toThrow('Cannot write tar entry log: it has')
})
