import { expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { packTar, type TarInput } from '#tar'
import { applyLayer } from './apply.ts'
import { packTree } from './diff.ts'
import { furnish, has, unpackWithUmoci } from './testing/fixture.ts'
import { describeTree, isRoot, one, scratch, unlessRoot } from './testing/tree.ts'

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
])(`applyLayer() restores what %s %p packed${unlessRoot}`, async (program, flags) => {
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

// Directories have entries of their own: tools give different times to directories without one.
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
      { path: 'h', type: 'hardlink', linkpath: 'etc/a', mtime: 1 },
      { path: 'i', type: 'hardlink', linkpath: '/lib/x', mtime: 1 },
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
  `applyLayer() applies %s as umoci does${noUmoci}`,
  async (_, entries) => {
    using work = scratch()
    const layers = [await packTar(base), await packTar(entries)]
    const unpacked = unpackWithUmoci(work.path, layers)
    const root = join(work.path, 'root')
    mkdirSync(root)
    for (const layer of layers) await applyLayer(one(layer), root)
    // The times of directories that changed without an entry are unspecified.
    const timeless = (path: string): string[] =>
      shown(path).map((line) => (/^\S+ 4\d{4} /.test(line) ? line.replace(/ -?\d{9,}$/, '') : line))
    expect(timeless(root)).toEqual(timeless(unpacked))
  },
)
