import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { createMemoryStore, type LocalStore } from '#content'
import { type Annotations, type ImageConfig, type Layer, mediaType, sha256 } from '#oci'
import { packTar, type TarInput } from '#tar'
import { createImage } from '../create.ts'
import type { Image } from '../image.ts'
import { put } from '../testing/fixture.ts'
import { compareImages } from './compare-images.ts'

type Parts = Partial<ImageConfig> & { readonly annotations?: Annotations }

async function layerOf(store: LocalStore, entries: readonly TarInput[], isZipped: boolean) {
  const tar = await packTar(entries)
  const [type, bytes] = isZipped
    ? ([mediaType.ociLayerGzip, gzipSync(tar)] as const)
    : ([mediaType.ociLayer, tar] as const)
  return { descriptor: await put(store, type, bytes), diffId: sha256(tar) }
}

async function imageOf(
  store: LocalStore,
  layers: readonly (readonly TarInput[])[],
  { annotations, ...config }: Parts = {},
  isZipped = false,
): Promise<Image> {
  const stored: Layer[] = []
  for (const entries of layers) stored.push(await layerOf(store, entries, isZipped))
  const base = { architecture: 'amd64', os: 'linux', created: '2024-01-02T03:04:05Z' }
  return await createImage(store, {
    config: { ...base, ...config },
    layers: stored,
    ...(annotations && { annotations }),
  })
}

/** Compares two images as lines: the path, the attribute, and both values. */
async function compare(
  before: readonly (readonly TarInput[])[],
  after: readonly (readonly TarInput[])[],
  documents: readonly [Parts, Parts] = [{}, {}],
): Promise<readonly string[]> {
  const store = createMemoryStore()
  const [one, two] = [
    await imageOf(store, before, documents[0]),
    await imageOf(store, after, documents[1]),
  ]
  const found = await compareImages(store, one, two)
  return found.map(
    (each) => `${each.path} ${each.attribute}: ${each.before ?? '-'} -> ${each.after ?? '-'}`,
  )
}

const body = (text: string): Uint8Array => Buffer.from(text)
const file: TarInput = { path: 'f', body: body('x'), mode: 0o644, uid: 1, gid: 2, mtime: 5 }
const link: TarInput = { path: 'l', type: 'symlink', linkpath: 'a' }
const device: TarInput = { path: 'd', type: 'character', deviceMajor: 1, deviceMinor: 3 }

const changes: readonly (readonly [before: TarInput, after: TarInput, lines: readonly string[]])[] =
  [
    [file, { ...file, body: body('y') }, [`/f content: ${sha256('x')} -> ${sha256('y')}`]],
    [
      file,
      { ...file, body: body('xy') },
      [`/f content: ${sha256('x')} -> ${sha256('xy')}`, '/f size: 1 -> 2'],
    ],
    [file, { ...file, mode: 0o4755 }, ['/f mode: 644 -> 4755']],
    [file, { ...file, uid: 3 }, ['/f owner: 1:2 -> 3:2']],
    [file, { ...file, mtime: 6 }, ['/f time: 5 -> 6']],
    [file, { ...file, mtimeNanoseconds: 7 }, ['/f time: 5 -> 5+7ns']],
    [file, { ...file, xattrs: new Map([['user.a', body('v')]]) }, ['/f xattr user.a: - -> 76']],
    [link, { ...link, linkpath: 'b' }, ['/l target: a -> b']],
    [device, { ...device, deviceMinor: 5 }, ['/d device: 1:3 -> 1:5']],
    [device, { ...device, type: 'block' }, ['/d type: character -> block']],
    [file, { ...file, path: 'g' }, ['/f existence: file -> -', '/g existence: - -> file']],
  ]

describe('compareImages()', () => {
  test.each(changes)(
    'names the attribute of a file that differs: %#',
    async (before, after, lines) => {
      expect(await compare([[before]], [[after]])).toEqual(lines)
    },
  )

  test('finds no difference in other compression, and none in the same image', async () => {
    const store = createMemoryStore()
    const [plain, zipped] = [
      await imageOf(store, [[file]]),
      await imageOf(store, [[file]], {}, true),
    ]
    expect(zipped.descriptor.digest).not.toBe(plain.descriptor.digest)
    expect(await compareImages(store, plain, zipped)).toEqual([])
    expect(await compareImages(store, plain, plain)).toEqual([])
  })

  test('compares what layers have together, and says when only their division differs', async () => {
    const other: TarInput = { path: 'g', body: body('g') }
    const lines = await compare([[file, other]], [[file], [other]])
    expect(lines.map((line) => line.split(':', 1)[0])).toEqual([
      'rootfs.diff_ids.0 value',
      'rootfs.diff_ids.1 value',
    ])
    const hidden = await compare([[file, link], [{ path: '.wh.f' }]], [[link, device]])
    expect(hidden).toEqual(['/d existence: - -> character', '/f existence: removed -> -'])
  })

  test('applies whiteouts before it compares', async () => {
    const inside: TarInput = { path: 'e/i', body: body('i') }
    const directory: TarInput = { path: 'e', type: 'directory' }
    expect(
      await compare(
        [[directory, inside], [{ path: 'e/.wh..wh..opq' }]],
        [[directory, inside], [{ path: 'e/.wh.i' }]],
      ),
    ).toEqual(['/e/.wh..wh..opq existence: opaque -> -', '/e/i existence: - -> removed'])
  })

  test('names members of the configuration, variables by their names, and annotations', async () => {
    const before = { config: { Env: ['A=1', 'B=2'], Cmd: ['a'] }, annotations: { k: '1' } }
    const after = {
      created: '2025-01-02T03:04:05Z',
      config: { Env: ['B=3', 'A=1', 'C='], Cmd: ['a', 'b'], User: '5' },
      annotations: { k: '2' },
    }
    expect(await compare([], [], [before, after])).toEqual([
      'config.Cmd.1 value: - -> b',
      'config.Env.B value: 2 -> 3',
      'config.Env.C value: - -> ',
      'config.User value: - -> 5',
      'created value: 2024-01-02T03:04:05Z -> 2025-01-02T03:04:05Z',
      'annotations.k value: 1 -> 2',
    ])
  })

  test('compares directories deeper than calls can nest', async () => {
    const path = Array.from({ length: 900 }, () => 'd').join('/')
    expect(
      await compare(
        [[{ path, type: 'directory', mode: 0o755 }]],
        [[{ path, type: 'directory', mode: 0o700 }]],
      ),
    ).toEqual([`/${path} mode: 755 -> 700`])
  })
})
