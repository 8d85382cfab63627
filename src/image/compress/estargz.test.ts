import { expect, test } from 'bun:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { mediaType, sha256 } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { packTar, readTar } from '#tar'
import { openImage } from '../image.ts'
import { imageOf, put, withLayer } from '../testing/fixture.ts'
import { type EstargzFacts, writeEstargz } from './estargz.ts'
import { convertToEstargz } from './estargz-image.ts'

interface Entry {
  readonly name: string
  readonly type: string
  readonly size?: number
  readonly offset?: number
  readonly chunkOffset?: number
  readonly chunkSize?: number
  readonly chunkDigest?: string
  readonly digest?: string
  readonly linkName?: string
}

async function convert(tar: Uint8Array, level = 6) {
  const known: EstargzFacts[] = []
  const onEnd = (facts: EstargzFacts): void => void known.push(facts)
  const blob = await toBuffer(writeEstargz(fromBuffer(tar), { level, onEnd }), 1e9)
  const [facts] = known
  if (facts === undefined) throw new TypeError('onEnd was not called')
  return { blob: Buffer.from(blob), facts }
}

const large = Buffer.alloc(9_000_000, 'content that repeats ')

const archive = packTar([
  { path: 'dir', type: 'directory', mode: 0o755 },
  { path: 'dir/large', body: large },
  { path: 'dir/small', body: Buffer.from('text'), xattrs: new Map([['user.a', Buffer.from('b')]]) },
  { path: 'empty', body: new Uint8Array(0) },
  { path: 'hard', type: 'hardlink', linkpath: 'dir/small' },
  { path: 'soft', type: 'symlink', linkpath: 'dir' },
  { path: 'null', type: 'character', deviceMajor: 1, deviceMinor: 3 },
])

function tableOf(blob: Buffer): { readonly entries: readonly Entry[]; readonly offset: number } {
  const footer = blob.subarray(-51)
  expect(gunzipSync(footer)).toHaveLength(0)
  expect(footer.subarray(32, 38).toString()).toBe('STARGZ')
  const offset = Number.parseInt(footer.subarray(16, 32).toString(), 16)
  const last = gunzipSync(blob.subarray(offset, -51))
  const size = Number.parseInt(last.subarray(124, 135).toString(), 8)
  const json = last.subarray(512, 512 + size)
  const { version, entries } = JSON.parse(json.toString())
  expect(version).toBe(1)
  return { entries, offset }
}

test('writeEstargz() writes a gzip file of the same entries and a table of contents', async () => {
  const { blob, facts } = await convert(await archive)
  const tar = gunzipSync(blob)
  expect(facts).toMatchObject({ diffId: sha256(tar), tarSize: tar.length })
  const paths = await Array.fromAsync(readTar(fromBuffer(tar)), ({ path }) => path)
  const original = await Array.fromAsync(readTar(fromBuffer(await archive)), ({ path }) => path)
  expect(paths).toEqual([...original, 'stargz.index.json'])
  const again = await convert(await archive)
  expect(again.blob.equals(blob)).toBe(true)
})

test('writeEstargz() makes a member of every chunk, which the table finds', async () => {
  const { blob } = await convert(await archive)
  const { entries, offset } = tableOf(blob)
  const chunks = entries.filter((entry) => entry.offset !== undefined)
  expect(chunks.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'dir/large reg',
    'dir/large chunk',
    'dir/large chunk',
    'dir/small reg',
  ])
  const starts = [...chunks.map((chunk) => chunk.offset ?? 0), offset]
  const parts = chunks.map((chunk, index) => {
    // What follows a chunk in the same piece is a member with the next header.
    const rest = blob.subarray(starts[index], starts[index + 1])
    const size = chunk.chunkSize ?? (chunk.size ?? large.length) - (chunk.chunkOffset ?? 0)
    const bytes = gunzipSync(rest).subarray(0, size)
    expect(sha256(bytes)).toBe(chunk.chunkDigest as never)
    return bytes
  })
  expect(Buffer.concat(parts.slice(0, 3)).equals(large)).toBe(true)
  expect(chunks[0]?.digest).toBe(sha256(large))
  expect(chunks[2]).toMatchObject({ chunkOffset: 2 * 4 * 1024 * 1024 })
  const others = Object.fromEntries(entries.map((entry) => [entry.name, entry]))
  expect(others['dir/']).toMatchObject({ type: 'dir', mode: 0o755 })
  expect(others['hard']).toMatchObject({ type: 'hardlink', linkName: 'dir/small' })
  expect(others['soft']).toMatchObject({ type: 'symlink', linkName: 'dir' })
  expect(others['null']).toMatchObject({ type: 'char', devMajor: 1, devMinor: 3 })
  expect(others['dir/small']).toMatchObject({ xattrs: { 'user.a': 'Yg==' } })
  expect(others['empty']).not.toHaveProperty('offset')
})

test('convertToEstargz() gives layers and configuration new diff IDs, once', async () => {
  const { store, image } = await imageOf([{ a: '1' }, { b: '2' }])
  const converted = await openImage(store, await convertToEstargz(image, store))
  for (const [index, { descriptor, diffId }] of converted.layers.entries()) {
    const blob = await toBuffer(store.read(descriptor), 1e6)
    expect(diffId).toBe(sha256(gunzipSync(blob)))
    expect(diffId).not.toBe(image.layers[index]?.diffId as never)
    expect(descriptor.annotations).toEqual({
      'containerd.io/snapshot/stargz/toc.digest': expect.stringMatching(/^sha256:/),
      'io.containers.estargz.uncompressed-size': String(gunzipSync(blob).length),
    })
  }
  for (const isForced of [false, true]) {
    const again = await convertToEstargz(converted, store, { isForced })
    expect(again).toEqual(converted.descriptor)
  }
})

test('convertToEstargz() leaves compressed layers unless it is forced', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  const tar = await archive
  const descriptor = await put(store, mediaType.ociLayerGzip, gzipSync(tar))
  const mixed = await withLayer(store, image, { descriptor, diffId: sha256(tar) })
  const [, kept] = (await openImage(store, await convertToEstargz(mixed, store))).layers
  expect(kept?.descriptor.digest).toBe(descriptor.digest)
  const forced = await convertToEstargz(mixed, store, { isForced: true })
  const [, made] = (await openImage(store, forced)).layers
  expect(made?.descriptor.digest).not.toBe(descriptor.digest)
})
