import { expect, test } from 'bun:test'
import { chmod, mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { crc32 } from 'node:zlib'
import { type Descriptor, mediaType, sha256 } from '#oci'
import { noteChecksum, notedChecksum } from '#platform'
import { checked, fromBuffer, toBuffer } from '#stream'
import { type DirectoryStore, openDirectoryStore } from './directory.ts'
import { largeSize } from './directory-ingest.ts'

const content = new Uint8Array(largeSize + 5).map((_, index) => index >> 7)
const flipped = content.slice()
flipped[1_000_000] = (flipped[1_000_000] ?? 0) ^ 1
const target: Descriptor = {
  mediaType: mediaType.ociLayer,
  digest: sha256(content),
  size: content.length,
}

/** A store with the content, in memory; files there keep attributes since Linux 6.6. */
async function openTemporary(): Promise<{ store: DirectoryStore } & AsyncDisposable> {
  const root = await mkdtemp(`${tmpdir()}/strake-checksum-`)
  const store = await openDirectoryStore(root)
  await store.write(target, fromBuffer(content))
  return { store, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

/** Replaces the bytes in the file of the content, and the noted checksum. */
async function change(store: DirectoryStore, bytes: Uint8Array, note?: number): Promise<void> {
  const path = store.pathOf(target.digest)
  await chmod(path, 0o600)
  await using file = await open(path, 'r+')
  await file.truncate(0)
  await file.writeFile(bytes)
  if (note !== undefined) noteChecksum(file.fd, note)
}

const readAll = (store: DirectoryStore): Promise<Uint8Array> =>
  toBuffer(store.read(target), 2 * content.length)

test('write() and ingest() note the checksum of large content', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  expect(notedChecksum(store.pathOf(target.digest))).toBe(crc32(content))
  await using ingest = await store.ingest()
  await ingest.append(fromBuffer(flipped))
  expect(notedChecksum(store.pathOf(await ingest.commit()))).toBe(crc32(flipped))
})

test('read() verifies large content by its checksum', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  expect(Buffer.compare(await readAll(store), content)).toBe(0)
  // Only the owner of the store can do this. It shows that the digest was not computed.
  await change(store, flipped, crc32(flipped))
  expect(Buffer.compare(await readAll(store), flipped)).toBe(0)
})

test.each([
  ['one bit flipped', flipped],
  ['a byte less', content.subarray(1)],
  ['a byte more', Buffer.concat([content, Buffer.from('x')])],
])('read() refuses content with %s, and sets it aside', async (_, bytes) => {
  await using opened = await openTemporary()
  const { store } = opened
  await change(store, bytes)
  await expect(readAll(store)).rejects.toMatchObject({
    code: 'DIGEST_INVALID',
    expected: target.digest,
  })
  expect(await store.has(target)).toBe(false)
  expect((await readdir(`${store.root}/trash`)).length).toBe(1)
})

test('read() trusts the digest when the noted checksum is wrong', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await change(store, content, 7)
  expect(Buffer.compare(await readAll(store), content)).toBe(0)
  expect(await store.has(target)).toBe(true)
})

test('checked() refuses bytes that are right only at the second reading', async () => {
  const sources = [flipped, content]
  const next = () => fromBuffer(sources.shift() ?? content)
  const reading = toBuffer(checked(next, target, crc32(content)), content.length)
  await expect(reading).rejects.toMatchObject({ code: 'DIGEST_INVALID' })
})

test('checked() refuses bytes that cannot be read a second time for hashing', async () => {
  const sources = [fromBuffer(flipped)]
  const next = () => {
    const source = sources.shift()
    if (source === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' })
    return source
  }
  const reading = toBuffer(checked(next, target, crc32(content)), content.length)
  await expect(reading).rejects.toMatchObject({ code: 'DIGEST_INVALID' })
})

test('notedChecksum() returns undefined for a file without a note', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  expect(notedChecksum(`${store.root}/oci-layout`)).toBeUndefined()
  expect(notedChecksum(`${store.root}/absent`)).toBeUndefined()
  expect(notedChecksum(store.root)).toBeUndefined()
})
