import { afterAll, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type Descriptor, isDigest, mediaType } from '#oci'
import { mkdtempDisposable } from '#platform'
import { type Bytes, createHasher, fromBuffers } from '#stream'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { openDirectoryStore } from './directory.ts'

// Large content is hashed and written in its own thread.

const directory = await mkdtempDisposable(tmpdir(), 'strake-large-')
afterAll(() => directory[Symbol.asyncDispose]())

const mebibyte = 1024 * 1024
/** Pieces of different sizes, 17 MiB and a bit in total. */
const pieces = [0, 1, 3 * mebibyte + 7, 900_001, 8 * mebibyte, 5 * mebibyte + 12_345].map(
  (size, seed) => new Uint8Array(size).map((_, index) => (index * index + seed) >> 7),
)
const large = describeBytes(pieces)

function describeBytes(parts: readonly Uint8Array[]): Descriptor {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  const digest = `sha256:${hash.digest('hex')}`
  if (!isDigest(digest)) throw new TypeError('a digest')
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  return { mediaType: mediaType.ociLayer, digest, size }
}

async function openStore(name: string): ReturnType<typeof openDirectoryStore> {
  return await openDirectoryStore(`${directory.path}/${name}`)
}

/** Yields the first `count` pieces; then the connection breaks. */
async function* broken(count: number): Bytes & AsyncGenerator<Uint8Array> {
  yield* pieces.slice(0, count)
  throw new Error('connection reset')
}

/**
 * The error of a promise. `expect().rejects` blocks this thread, so that other threads cannot
 * report.
 */
async function failureOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'nothing',
    (error: unknown) => String(error),
  )
}

async function digestOf(bytes: Bytes): Promise<string> {
  const hasher = createHasher()
  for await (const chunk of bytes) hasher.update(chunk)
  return hasher.digest()
}

describe('write() of large content', () => {
  test('keeps exactly the bytes, also from memory that the producer reuses', async () => {
    const store = await openStore('whole')
    await store.write(large, overwriting(Buffer.concat(pieces), 100_000))
    expect(await digestOf(store.read(large))).toBe(large.digest)
    expect(await readdir(`${store.root}/ingest`)).toEqual([])
  })

  test('refuses other bytes of the same length, and stores none of them', async () => {
    const store = await openStore('other')
    const wrong = pieces.map((piece) => piece.slice())
    wrong[4]?.fill(1, 77, 99)
    expect(await failureOf(store.write(large, fromBuffers(wrong)))).toContain(large.digest)
    expect(await store.has(large)).toBe(false)
    expect(await readdir(`${store.root}/ingest`)).toEqual([])
  })

  test('keeps the bytes received before the connection broke, and requests only the rest', async () => {
    const store = await openStore('resumed')
    expect(await failureOf(store.write(large, broken(5)))).toContain('connection reset')
    expect(await store.has(large)).toBe(false)
    const received = pieces.slice(0, 5).reduce((sum, { length }) => sum + length, 0)
    const starts: number[] = []
    const readFrom = (start: number): Bytes => {
      starts.push(start)
      return fromBuffers(pieces.slice(5))
    }
    await store.write(large, broken(0), { readFrom })
    expect(starts).toEqual([received])
    expect(await digestOf(store.read(large))).toBe(large.digest)
  })

  test('leaves nothing when it broke before the first byte', async () => {
    const store = await openStore('nothing')
    expect(await failureOf(store.write(large, broken(0)))).toContain('connection reset')
    expect(await readdir(`${store.root}/ingest`)).toEqual([])
  })
})
