import { expect, test } from 'bun:test'
import { type Descriptor, mediaType, sha256 } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { rememberDocuments } from './remember-documents.ts'
import type { ContentSource } from './store.ts'

const content = Buffer.from('{"some":"document"}')

function describe(type: string): Descriptor {
  return { mediaType: type, digest: sha256(content), size: content.length }
}

/** A source with one content, which counts its reads. */
function counting(): { readonly source: ContentSource; reads: number } {
  const counter = {
    reads: 0,
    source: {
      has: async () => true,
      read: () => {
        counter.reads++
        return fromBuffer(content)
      },
    },
  }
  return counter
}

test('rememberDocuments() reads a manifest and a config once', async () => {
  for (const type of [mediaType.ociManifest, mediaType.ociConfig]) {
    const counter = counting()
    const source = rememberDocuments(counter.source)
    for (const options of [{}, { readerVerifies: true }, { start: 0 }]) {
      expect(await toBuffer(source.read(describe(type), options), 100)).toEqual(
        new Uint8Array(content),
      )
    }
    expect(await toBuffer(source.read(describe(type), { start: 2, end: 6 }), 100)).toEqual(
      new Uint8Array(content.subarray(2, 6)),
    )
    expect(counter.reads).toBe(1)
  }
})

test('rememberDocuments() keeps no layer, and no content that the reader verifies', async () => {
  const counter = counting()
  const source = rememberDocuments(counter.source)
  const layer = describe(mediaType.ociLayer)
  for (let time = 0; time < 2; time++) await toBuffer(source.read(layer), 100)
  const manifest = describe(mediaType.ociManifest)
  for (let time = 0; time < 2; time++) {
    await toBuffer(source.read(manifest, { readerVerifies: true }), 100)
  }
  expect(counter.reads).toBe(4)
})

test('rememberDocuments() treats another size as other content', async () => {
  const counter = counting()
  const source = rememberDocuments(counter.source)
  const manifest = describe(mediaType.ociManifest)
  await toBuffer(source.read(manifest), 100)
  for await (const _ of source.read({ ...manifest, size: 5 }, { readerVerifies: true }));
  expect(counter.reads).toBe(2)
})
