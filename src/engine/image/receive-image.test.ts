import { expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import type { ContentSource } from '#content'
import { createImage } from '#image'
import { ContentMismatchError, chainIds, mediaType, sha256 } from '#oci'
import { fromBuffer, silent } from '#stream'
import { packTar } from '#tar'
import { addTestImage, cannotContain, openTestEngine } from '../testing/fixture.ts'
import { receiveImage } from './receive-image.ts'

const rooted = cannotContain === undefined ? test : test.skip

const layers = [{ one: '1' }, { two: '2' }]

rooted('receiveImage() unpacks a layer while others arrive', async () => {
  await using from = await openTestEngine()
  await using to = await openTestEngine()
  const image = await addTestImage(from, { layers })
  const [bottom, top] = image.layers
  if (bottom === undefined || top === undefined) throw new TypeError('two layers')
  const snapshots = await to.snapshots()
  const [bottomChain, topChain] = chainIds([bottom.diffId, top.diffId])
  if (bottomChain === undefined || topChain === undefined) throw new TypeError('two chain IDs')
  const source: ContentSource = {
    has: (target) => from.content.has(target),
    async *read(target, options) {
      if (target.digest === top.descriptor.digest) {
        while (!(await snapshots.has(bottomChain))) await new Promise((done) => setTimeout(done, 5))
        // The manifest must not be in the store before all its children are.
        expect(await to.content.has(image.descriptor)).toBe(false)
      }
      yield* from.content.read(target, options)
    },
  }
  await receiveImage(to, source, image, { emit: silent })
  expect(await snapshots.has(topChain)).toBe(true)
  expect(await to.content.has(image.descriptor)).toBe(true)
})

rooted('receiveImage() verifies a blob whose file system was verified', async () => {
  await using from = await openTestEngine()
  await using to = await openTestEngine()
  const tar = await packTar([{ path: 'file', body: new TextEncoder().encode('content') }])
  const zipped = gzipSync(tar)
  const descriptor = {
    mediaType: mediaType.ociLayerGzip,
    digest: sha256(zipped),
    size: zipped.length,
  }
  await from.content.write(descriptor, fromBuffer(zipped))
  const image = await createImage(from.content, {
    config: { architecture: 'amd64', os: 'linux', created: '2024-01-02T03:04:05Z' },
    layers: [{ descriptor, diffId: sha256(tar) }],
  })
  // Byte 9 of a gzip header names the operating system. The archive inside stays the same.
  const other = Buffer.from(zipped)
  other[9] = 7
  const source: ContentSource = {
    has: (target) => from.content.has(target),
    read: (target, options) =>
      target.digest === descriptor.digest ? fromBuffer(other) : from.content.read(target, options),
  }
  const failing = receiveImage(to, source, image, { emit: silent })
  await expect(failing).rejects.toBeInstanceOf(ContentMismatchError)
  expect(await to.content.has(descriptor)).toBe(false)
  expect(await to.content.has(image.descriptor)).toBe(false)
  expect(await readdir(`${to.root}/ingest`)).toEqual([])
  await receiveImage(to, from.content, image, { emit: silent })
  expect(await to.content.has(image.descriptor)).toBe(true)
})

test('receiveImage() ends with the first failure', async () => {
  await using from = await openTestEngine()
  await using to = await openTestEngine()
  const image = await addTestImage(from, { layers })
  const source: ContentSource = {
    has: (target) => from.content.has(target),
    async *read(target, options) {
      if (target.digest === image.layers[0]?.descriptor.digest) throw new Error('unplugged')
      yield* from.content.read(target, options)
    },
  }
  const outcome = await receiveImage(to, source, image, { emit: silent }).catch(String)
  expect(outcome).toContain('unplugged')
  expect(await to.content.has(image.descriptor)).toBe(false)
})
