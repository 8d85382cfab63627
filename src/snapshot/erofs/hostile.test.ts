import { expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { isStrakeError } from '#oci'
import { mountsBelow } from '#platform'
import { packTar, type TarInput } from '#tar'
import { rawArchive, rawEntry, rawPax } from '../../tar/testing/archives.ts'
import type { ImportLayerOptions } from '../chain/snapshotter.ts'
import { Home, isRoot, nameLayers, one, unlessRoot } from './testing/fixture.ts'

const body = Buffer.from('x')
const symlink = (path: string, linkpath: string): TarInput => ({ path, type: 'symlink', linkpath })
const hardlink = (path: string, linkpath: string): TarInput => ({
  path,
  type: 'hardlink',
  linkpath,
})
const xattr = (name: string, value: Uint8Array): TarInput => ({
  path: 'x',
  body,
  xattrs: new Map([[name, value]]),
})

const below: TarInput[] = [
  { path: './', type: 'directory', mtime: 1 },
  { path: 'd/file', body },
  symlink('out', '../../..'),
  symlink('loop', 'loop'),
]

/** Layers that must be refused, with the reason. */
const refused: readonly (readonly [what: string, entries: readonly TarInput[], reason: string])[] =
  [
    ['a path that leaves the root', [{ path: '../x', body }], 'its path leaves the root'],
    ['the root as a file', [{ path: '.', body }], 'the root can only be a directory'],
    ['a whiteout of the parent', [{ path: 'd/.wh...' }], 'its name is reserved for whiteouts'],
    ['a whiteout of itself', [{ path: 'd/.wh..' }], 'its name is reserved for whiteouts'],
    ['a whiteout of nothing', [{ path: 'd/.wh.' }], 'its name is reserved for whiteouts'],
    [
      'an entry below a whiteout',
      [{ path: 'd/.wh.x/y', body }],
      'its name is reserved for whiteouts',
    ],
    [
      'a whiteout that is a directory',
      [{ path: '.wh.d', type: 'directory' }],
      'it is a whiteout, yet a directory',
    ],
    [
      'an opaque whiteout that is a link',
      [symlink('d/.wh..wh..opq', 'x')],
      'it is a whiteout, yet a symlink',
    ],
    ['a file as a parent', [{ path: 'd/file/x', body }], 'not a directory'],
    [
      'a file as a parent of a directory',
      [{ path: 'd/file/x/y', type: 'directory' }],
      'not a directory',
    ],
    [
      'a circle of links as a parent',
      [{ path: 'loop/x', body }],
      'too many levels of symbolic links',
    ],
    [
      'a link that grows',
      [symlink('g', 'g/g'), { path: 'g/x', body }],
      'too many levels of symbolic links',
    ],
    [
      'a hard link to what is missing',
      [hardlink('h', 'd/none')],
      'its target d/none does not exist',
    ],
    ['a hard link that leaves the root', [hardlink('h', '../x')], 'its target leaves the root'],
    ['a hard link to a directory', [hardlink('h', 'd')], 'its target is a directory'],
    ['a hard link through a file', [hardlink('h', 'd/file/x')], 'not a directory'],
    [
      'a hard link that removes its target',
      [hardlink('d', 'd/file')],
      'its target d/file does not exist',
    ],
    ['a capability that is none', [xattr('security.capability', body)], 'invalid argument'],
    [
      'an attribute with a name too long',
      [xattr(`user.${'n'.repeat(255)}`, body)],
      'numerical result out of range',
    ],
    [
      'an attribute with a value too long',
      [xattr('user.v', new Uint8Array(70_000))],
      'argument list too long',
    ],
    ['a link too long', [symlink('l', 'x'.repeat(4096))], 'file name too long'],
    [
      'a device out of range',
      [{ path: 'x', type: 'block', deviceMajor: 4096, deviceMinor: 1 }],
      'invalid argument',
    ],
    [
      'a name too long behind a link',
      [symlink('n', 'n'.repeat(256)), { path: 'n/x', body }],
      'file name too long',
    ],
  ]

/**
 * The messages of both kinds of snapshots for a layer above `below`. Expects that neither leaves
 * anything behind.
 */
async function refusals(
  archive: Uint8Array,
  options: ImportLayerOptions = {},
): Promise<readonly string[]> {
  const [lower, layer] = nameLayers([await packTar(below), archive])
  if (lower === undefined || layer === undefined) throw new RangeError('no layers')
  const said: string[] = []
  for (const kind of ['directory', 'erofs'] as const) {
    using home = new Home()
    const snapshots = await home.open({ kind })
    await snapshots.importLayer(null, { ...lower, tar: one(lower.archive) })
    const call = snapshots.importLayer(lower.chainId, { ...layer, tar: one(archive) }, options)
    const error = await call.then(
      () => 'done',
      (reason: unknown) => reason,
    )
    said.push(isStrakeError(error) ? `${error.code} ${error.message}` : String(error))
    expect(await snapshots.has(layer.chainId)).toBe(false)
    expect(readdirSync(`${home.root}/staging`)).toEqual([])
    expect(mountsBelow(home.path)).toEqual([])
    expect(readdirSync(`${home.run}/users`)).toEqual([])
    if (kind === 'erofs') expect(readdirSync(`${home.root}/layers`)).toHaveLength(1)
    expect(existsSync(`${home.path}/x`)).toBe(false)
  }
  return said
}

test.each(refused)(
  `importLayer() refuses %s with the same message in both kinds${unlessRoot}`,
  async (_, entries, reason) => {
    if (!isRoot) return
    const [unpacked, mounted] = await refusals(await packTar(entries))
    expect(mounted).toStartWith('INVALID Cannot apply tar entry ')
    expect(mounted).toEndWith(`: ${reason}`)
    expect(mounted).toBe(unpacked)
  },
)

const zeros = new Uint8Array(512)
const malformed: readonly (readonly [string, Uint8Array])[] = [
  ['a wrong checksum', rawArchive(rawEntry({ checksum: '0000001\0 ' }))],
  ['an unknown type', rawArchive(rawEntry({ flag: 'Q' }))],
  [
    'a negative size',
    rawArchive(rawEntry({ size: Uint8Array.from([255, ...new Uint8Array(11).fill(255)]) })),
  ],
  ['more contents than there are', rawEntry({ size: 4096 }, 'x')],
  ['an owner out of range', rawArchive(rawPax([['uid', '4294967295']]), rawEntry({}))],
  ['an extended header that is too large', rawArchive(rawEntry({ flag: 'x', size: 2_000_000 }))],
  ['a component too long', rawArchive(rawPax([['path', 'n'.repeat(256)]]), rawEntry({}))],
  ['a path too deep', rawArchive(rawPax([['path', 'd/'.repeat(1025)]]), rawEntry({}))],
  [
    'a sparse map beyond its file',
    rawArchive(
      rawPax([
        ['GNU.sparse.major', '0'],
        ['GNU.sparse.minor', '1'],
        ['GNU.sparse.map', '4096,512'],
        ['GNU.sparse.size', '1024'],
      ]),
      rawEntry({}, zeros),
    ),
  ],
  [
    'a sparse file too large',
    rawArchive(
      rawPax([
        ['GNU.sparse.major', '0'],
        ['GNU.sparse.minor', '1'],
        ['GNU.sparse.map', '0,512'],
        ['GNU.sparse.size', '1099511627777'],
      ]),
      rawEntry({}, zeros),
    ),
  ],
]

test.each(malformed)(
  `importLayer() refuses an archive with %s with the same message in both kinds${unlessRoot}`,
  async (_, archive) => {
    if (!isRoot) return
    const [unpacked, mounted] = await refusals(archive)
    expect(mounted).toStartWith('INVALID Cannot read tar ')
    expect(mounted).toBe(unpacked)
  },
)

test.skipIf(!isRoot)(`importLayer() has the same limits in both kinds${unlessRoot}`, async () => {
  const archive = await packTar(
    ['a', 'b', 'c'].map((path) => ({ path, body: new Uint8Array(600) })),
  )
  for (const [limits, reason] of [
    [{ entries: 2 }, 'more than 2 entries'],
    [{ totalSize: 1500 }, 'larger than 1500 bytes together'],
  ] as const) {
    const [unpacked, mounted] = await refusals(archive, { limits })
    expect(mounted).toContain(reason)
    expect(mounted).toBe(unpacked)
  }
})
