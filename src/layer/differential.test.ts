import { expect, test } from 'bun:test'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { packTar, type TarInput } from '#tar'
import { applyLayer } from './apply.ts'
import { packTree } from './diff.ts'
import { describeTree, isRoot, one, scratch, unlessRoot } from './testing.ts'

function has(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

/** A tree of everything an archive can hold. */
function furnish(root: string): void {
  const long = join(root, ...Array.from({ length: 12 }, (_, i) => `${i}`.repeat(20)))
  mkdirSync(long, { recursive: true })
  writeFileSync(join(long, 'l'.repeat(200)), 'deep')
  writeFileSync(join(root, 'plain'), 'x'.repeat(100_000))
  writeFileSync(join(root, 'größe 日本\n'), '')
  linkSync(join(root, 'plain'), join(root, 'hard'))
  symlinkSync(`${'../'.repeat(60)}away`, join(root, 'symlink'))
  execFileSync('mkfifo', ['-m', '640', join(root, 'fifo')])
  execFileSync('mknod', ['-m', '600', join(root, 'null'), 'c', '1', '3'])
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'hello', join(root, 'plain')])
  const sparse = openSync(join(root, 'sparse'), 'w')
  for (const at of [0, 300_000, 1_000_000, 3_000_000, 3_100_000, 4_000_000]) {
    writeSync(sparse, Buffer.from(`data at ${at}`), 0, null, at)
  }
  ftruncateSync(sparse, 5_000_000)
  closeSync(sparse)
  execFileSync('chown', ['3000000:3000001', join(root, 'plain')])
  execFileSync('chmod', ['4751', join(root, 'plain')])
  execFileSync('find', [root, '-exec', 'touch', '-hd', '2021-03-04 05:06:07', '{}', '+'])
  execFileSync('touch', ['-d', '1975-01-02 UTC', join(root, 'sparse')])
}

function shown(root: string): string[] {
  return describeTree(root).split('\n').slice(1)
}

test.skipIf(!isRoot).each([
  ['tar', ['--format=gnu']],
  ['tar', ['--format=gnu', '--sparse']],
  ['tar', ['--format=posix', '--xattrs']],
  ['tar', ['--format=posix', '--xattrs', '--sparse', '--sparse-version=0.0']],
  ['tar', ['--format=posix', '--xattrs', '--sparse', '--sparse-version=0.1']],
  ['tar', ['--format=posix', '--xattrs', '--sparse', '--sparse-version=1.0']],
  ['bsdtar', ['--format=pax', '--xattrs']],
  ['bsdtar', ['--format=gnutar']],
])(`applyLayer() makes what %s %p packed${unlessRoot}`, async (program, flags) => {
  if (!has(program)) return
  using from = scratch()
  using to = scratch()
  furnish(from.path)
  const options = { maxBuffer: 2 ** 28 }
  const tar = execFileSync(program, ['-cf', '-', ...flags, '-C', from.path, '.'], options)
  await applyLayer(one(tar), to.path)
  const plain = (lines: readonly string[]): string[] =>
    flags.some((flag) => flag === '--xattrs')
      ? [...lines]
      : lines.map((line) => line.replace(/ user\.note=\w+/, ''))
  expect(shown(to.path)).toEqual(plain(shown(from.path)))
})

test.skipIf(!isRoot).each([
  ['tar', ['--xattrs', '--xattrs-include=*']],
  ['bsdtar', ['--xattrs']],
])(`packTree() packs what %s unpacks${unlessRoot}`, async (program, flags) => {
  if (!has(program)) return
  using from = scratch()
  using to = scratch()
  furnish(from.path)
  const chunks: Uint8Array[] = []
  for await (const chunk of packTree(from.path)) chunks.push(new Uint8Array(chunk))
  const input = Buffer.concat(chunks)
  execFileSync(program, ['-xpf', '-', ...flags, '--same-owner', '-C', to.path], { input })
  expect(shown(to.path)).toEqual(shown(from.path))
})

/** An image of uncompressed layers, for other tools to unpack. */
function writeImage(directory: string, layers: readonly Uint8Array[]): void {
  const blobs = join(directory, 'blobs/sha256')
  mkdirSync(blobs, { recursive: true })
  const put = (bytes: Uint8Array, mediaType: string): object => {
    const hex = createHash('sha256').update(bytes).digest('hex')
    writeFileSync(join(blobs, hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const json = (value: object, kind: string): object =>
    put(Buffer.from(JSON.stringify(value)), `application/vnd.oci.image.${kind}.v1+json`)
  const layer = 'application/vnd.oci.image.layer.v1.tar'
  const descriptors = layers.map((bytes) => put(bytes, layer))
  const diff_ids = layers.map(
    (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  )
  const rootfs = { type: 'layers', diff_ids }
  const config = json({ os: 'linux', architecture: 'amd64', config: {}, rootfs }, 'config')
  const manifest = json({ schemaVersion: 2, config, layers: descriptors }, 'manifest')
  const annotations = { 'org.opencontainers.image.ref.name': 'test' }
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] }
  writeFileSync(join(directory, 'index.json'), JSON.stringify(index))
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

const body = Buffer.from('new')
const base: readonly TarInput[] = [
  { path: 'etc', type: 'directory', mtime: 1 },
  { path: 'etc/a', body, mtime: 1 },
  { path: 'etc/b', body, mtime: 1 },
  { path: 'usr', type: 'directory', mtime: 1 },
  { path: 'usr/lib', type: 'directory', mtime: 1 },
  { path: 'usr/lib/x', body, mtime: 1 },
  { path: 'usr/lib/sub', type: 'directory', mtime: 1 },
  { path: 'usr/lib/sub/y', body, mtime: 1 },
  { path: 'lib', type: 'symlink', linkpath: 'usr/lib', mtime: 1 },
]

// Directories have entries of their own, because tools differ in the times they imply.
const changes: readonly (readonly [string, readonly TarInput[]])[] = [
  ['whiteouts', [{ path: 'etc/.wh.a' }, { path: '.wh.usr' }, { path: 'etc/.wh.none' }]],
  [
    'an opaque directory',
    [{ path: 'usr/lib/.wh..wh..opq' }, { path: 'usr/lib/z', body, mtime: 2 }],
  ],
  [
    'an opaque directory named last',
    [{ path: 'usr/lib/z', body, mtime: 2 }, { path: 'usr/lib/.wh..wh..opq' }],
  ],
  ['a link as parent', [{ path: 'lib/z', body, mtime: 2 }, { path: 'lib/.wh.x' }]],
  [
    'a directory over a link',
    [
      { path: 'lib', type: 'directory', mtime: 2 },
      { path: 'lib/z', body, mtime: 2 },
    ],
  ],
  ['a link over a directory', [{ path: 'usr', type: 'symlink', linkpath: 'etc', mtime: 2 }]],
  ['a file over a directory', [{ path: 'usr', body, mtime: 2 }]],
  [
    'duplicates',
    [
      { path: 'd', body, mtime: 1 },
      { path: 'd', type: 'symlink', linkpath: 'etc/a', mtime: 2 },
      { path: 'd', body: Buffer.from('last'), mtime: 3 },
    ],
  ],
  [
    'hard links into the parent',
    [
      { path: 'h', type: 'hardlink', linkpath: 'etc/a' },
      { path: 'i', type: 'hardlink', linkpath: '/lib/x' },
    ],
  ],
  [
    'a name like a whiteout',
    [
      { path: 'etc/wh.a', body, mtime: 2 },
      { path: 'etc/x.wh.a', body, mtime: 2 },
    ],
  ],
]

const umoci = has('umoci')
const noUmoci = umoci ? unlessRoot : ' (skipped: no umoci)'

test.skipIf(!isRoot || !umoci).each(changes)(
  `applyLayer() makes of %s what umoci makes${noUmoci}`,
  async (_, entries) => {
    using work = scratch()
    const layers = [await packTar(base), await packTar(entries)]
    const image = join(work.path, 'image')
    writeImage(image, layers)
    const bundle = join(work.path, 'bundle')
    execFileSync('umoci', ['unpack', '--image', `${image}:test`, bundle])
    const root = join(work.path, 'root')
    mkdirSync(root)
    for (const layer of layers) await applyLayer(one(layer), root)
    // Times of directories that changed without an entry are nobody's promise.
    const timeless = (path: string): string[] =>
      shown(path).map((line) => (/^\S+ 4\d{4} /.test(line) ? line.replace(/ -?\d{9,}$/, '') : line))
    expect(timeless(root)).toEqual(timeless(join(bundle, 'rootfs')))
  },
)
