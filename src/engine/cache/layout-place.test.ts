import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type Descriptor, encodeJson, mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { layoutPlace } from './layout-place.ts'
import type { NamedManifests } from './manifest-place.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/layout-place-`)
})
afterEach(async () => await rm(directory, { recursive: true }))

const open = (tag: string, resets: boolean): NamedManifests =>
  layoutPlace({ kind: 'local', directory, tag, resets })

async function put({ content }: NamedManifests, type: string, text: string): Promise<Descriptor> {
  const bytes = Buffer.from(text)
  const blob = { mediaType: type, digest: sha256(bytes), size: bytes.length }
  await content.write(blob, fromBuffer(bytes))
  return blob
}

/** Writes a manifest with one layer, and makes the tag mean it. */
async function publish(place: NamedManifests, layer: Descriptor): Promise<void> {
  const config = await put(place, mediaType.ociConfig, '{}')
  const manifest = { schemaVersion: 2, mediaType: mediaType.ociManifest, config, layers: [layer] }
  const text = Buffer.from(encodeJson(manifest)).toString()
  await place.publish(await put(place, mediaType.ociManifest, text))
}

const blobs = (): Promise<readonly string[]> => readdir(`${directory}/blobs/sha256`)
const hexOf = ({ digest }: Descriptor): string => digest.slice('sha256:'.length)

test('layoutPlace() with resets keeps the blobs that another build has written or found', async () => {
  const [first, second] = [open('one', true), open('two', true)]
  const unused = await put(first, mediaType.ociLayer, 'found by the second build')
  const layer = await put(first, mediaType.ociLayer, 'of the first build')
  expect(await second.content.has(unused)).toBe(true)
  await publish(first, layer)
  await publish(second, unused)
  expect(await blobs()).toContain(hexOf(unused))
  expect(await blobs()).toContain(hexOf(layer))
  // Nobody else uses the blobs now, so the next build removes what no tag refers to.
  const third = open('two', true)
  await publish(third, await put(third, mediaType.ociLayer, 'of the third build'))
  expect(await blobs()).not.toContain(hexOf(unused))
  expect(await blobs()).toContain(hexOf(layer))
})

test('layoutPlace() ends its use of the blobs when it is disposed', async () => {
  const failed = open('one', false)
  const unused = await put(failed, mediaType.ociLayer, 'of a build that failed')
  failed[Symbol.dispose]?.()
  const next = open('one', true)
  await publish(next, await put(next, mediaType.ociLayer, 'of the next build'))
  expect(await blobs()).not.toContain(hexOf(unused))
})

test('layoutPlace() removes what killed builds left, and no other files', async () => {
  const place = open('one', true)
  const layer = await put(place, mediaType.ociLayer, 'layer')
  const left = `${hexOf(layer)}123-4-abc5.tmp`
  const foreign = ['notes.txt', '.hidden', 'a.tmp', `${hexOf(layer)}.tmp`]
  for (const name of [left, ...foreign]) await writeFile(`${directory}/blobs/sha256/${name}`, '')
  await writeFile(`${directory}/mine`, '')
  await publish(place, layer)
  const after = await blobs()
  expect(after).not.toContain(left)
  expect(after).toEqual(expect.arrayContaining([...foreign, hexOf(layer)]))
  expect(await readdir(directory)).toContain('mine')
})
