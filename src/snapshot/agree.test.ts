import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import type { TarInput } from '#tar'
import { Home, importAll, isRoot, makeLayers, unlessRoot } from './erofs/testing/fixture.ts'

const body = Buffer.from('x')

/** A path of `length` bytes. */
function longPath(length: number): string {
  let path = ''
  while (path.length + 101 < length - 100) path += `${'d'.repeat(100)}/`
  return path + 'f'.repeat(length - path.length)
}

/**
 * Lists a tree with `find`, which descends directory by directory and so handles paths of any
 * length.
 */
function list(root: string): string {
  // The size of a directory depends on the filesystem, not on its entries.
  const [start, end] = ['%P %M %U:%G', '%T@ %l\\n']
  const each = ['-type', 'd', '-printf', `${start} ${end}`, '-o', '-printf', `${start} %s ${end}`]
  const { stdout } = spawnSync('find', ['.', ...each], { cwd: root, maxBuffer: 2 ** 28 })
  return stdout.toString().split('\n').sort().join('\n')
}

const attributes = (count: number, size: number): Pick<TarInput, 'xattrs'> => ({
  xattrs: new Map(
    Array.from({ length: count }, (_, n) => [`user.n${n}`, new Uint8Array(size)] as const),
  ),
})

const layers: Readonly<Record<string, readonly (readonly TarInput[])[]>> = {
  'a root without an entry': [[{ path: 'a', body, mtime: 5 }], [{ path: 'd/b', body, mtime: 5 }]],
  'a root with an entry above one without': [
    [{ path: 'a', body }],
    [{ path: './', type: 'directory', mode: 0o711, mtime: 7 }],
    [{ path: 'b', body }],
  ],
  'the largest attribute': [[{ path: 'f', body, ...attributes(1, 65_535) }]],
  'an attribute of 64 KiB': [[{ path: 'f', body, ...attributes(1, 65_536) }]],
  'a directory with an attribute of 64 KiB': [
    [{ path: 'd', type: 'directory', ...attributes(1, 65_536) }],
  ],
  'as many attributes as fit': [[{ path: 'f', body, ...attributes(4, 65_520) }]],
  'attributes that are too large together': [[{ path: 'f', body, ...attributes(5, 60_000) }]],
  'paths as long as a page with their store': [
    [{ path: longPath(4040), body }],
    [{ path: `${longPath(4040).replace(/f+$/, '')}g`, body }],
  ],
  'the longest path': [
    [{ path: longPath(4095), body, mode: 0o600 }],
    [{ path: `${longPath(4095).replace(/f+$/, '')}.wh.${'f'.repeat(3)}` }],
  ],
  'times before 1970 and after 2262': [
    [
      { path: 'early', body, mtime: -1 },
      { path: 'late', body, mtime: 9_223_372_037 },
    ],
  ],
  'names of a file of a lower layer': [
    [
      { path: 'a', body, mode: 0o600, mtime: 3 },
      { path: 'a2', type: 'hardlink', linkpath: 'a', mode: 0o640, uid: 3, mtime: 4 },
    ],
    [
      { path: 'b', type: 'hardlink', linkpath: 'a', mode: 0o777, uid: 9, mtime: 9 },
      { path: 'c', type: 'hardlink', linkpath: 'b', mode: 0o711, uid: 9, mtime: 9 },
      { path: 'a', type: 'hardlink', linkpath: 'a', mode: 0o700 },
    ],
  ],
}

describe.skipIf(!isRoot)(`both kinds of snapshots${unlessRoot}`, () => {
  for (const [name, entries] of Object.entries(layers)) {
    test(`show ${name} alike, or refuse it with the same message`, async () => {
      const made = await makeLayers(entries)
      const shown = async (kind: 'erofs' | 'directory'): Promise<string> => {
        using home = new Home()
        const snapshots = await home.open({ kind })
        try {
          await using view = await snapshots.view(await importAll(snapshots, made))
          return list(view.root)
        } catch (error) {
          return String(error)
        }
      }
      expect(await shown('directory')).toEqual(await shown('erofs'))
    })
  }
})
