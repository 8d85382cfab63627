import { expect, test } from 'bun:test'
import { messageOf } from '#grpc/testing/message-of'
import { type Descriptor, encodeJson, mediaType, sha256 } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { ClientContent } from './content.ts'
import { describeDocument } from './describe-document.ts'
import { openClient } from './testing/open-client.ts'
import { type Blobs, serveContent } from './testing/serve-content.ts'

const blobOf = (bytes: Uint8Array): Descriptor => ({
  mediaType: 'application/octet-stream',
  digest: sha256(bytes),
  size: bytes.length,
})
const bytes = Buffer.from('strake '.repeat(1_000_000))
const blob = blobOf(bytes)

async function open(...finished: readonly Uint8Array[]) {
  const blobs: Blobs = {
    finished: new Map(finished.map((each) => [sha256(each), each])),
    unfinished: new Map(),
    stores: [],
  }
  const client = await openClient(serveContent(blobs))
  return { client, blobs, content: new ClientContent(client.session, 'local:cache') }
}

test('ClientContent reads blobs, and parts of them', async () => {
  const { client, blobs, content } = await open(bytes)
  await using _client = client
  expect(await content.has(blob)).toBe(true)
  expect(blobs.stores).toEqual(['local:cache'])
  expect(sha256(await toBuffer(content.read(blob), blob.size))).toBe(blob.digest)
  const part = await toBuffer(content.read(blob, { start: 7, end: 14 }), 7)
  expect(String(Buffer.from(part))).toBe('strake ')
})

test('ClientContent tells an absent blob, and refuses a wrong one', async () => {
  const { client, blobs, content } = await open()
  await using _client = client
  expect(await content.has(blob)).toBe(false)
  expect(await messageOf(toBuffer(content.read(blob), blob.size))).toBe(
    `Cannot read ${blob.digest}: the client does not have it`,
  )
  blobs.finished.set(blob.digest, Buffer.from(bytes).fill(1))
  expect(await messageOf(toBuffer(content.read(blob), blob.size))).toContain('Cannot accept')
  blobs.finished.set(blob.digest, bytes.subarray(0, 100))
  expect(await messageOf(toBuffer(content.read(blob), blob.size))).toContain('it sent a part only')
})

test('ClientContent writes a blob once, and continues an earlier transfer', async () => {
  const { client, blobs, content } = await open()
  await using _client = client
  expect(await content.write(blob, fromBuffer(bytes))).toBe('written')
  expect(sha256(blobs.finished.get(blob.digest) ?? new Uint8Array())).toBe(blob.digest)
  expect(await content.write(blob, fromBuffer(bytes))).toBe('exists')
  blobs.finished.clear()
  blobs.unfinished.set(blob.digest, bytes.subarray(0, 2_000_000))
  expect(await content.write(blob, fromBuffer(bytes))).toBe('written')
  expect(sha256(blobs.finished.get(blob.digest) ?? new Uint8Array())).toBe(blob.digest)
})

test('describeDocument() finds the type and the size of a manifest by its digest', async () => {
  const index = encodeJson({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests: [] })
  const { client, content } = await open(index)
  await using _client = client
  expect(await describeDocument(content, sha256(index))).toEqual({
    mediaType: mediaType.ociIndex,
    digest: sha256(index),
    size: index.length,
  })
  expect(await messageOf(describeDocument(content, blob.digest))).toContain('does not have it')
})
