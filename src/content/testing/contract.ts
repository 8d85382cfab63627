import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ContentMismatchError, type Descriptor, isStrakeError, mediaType, sha256 } from '#oci'
import { type Bytes, createHasher, fromBuffer, fromBuffers, toBuffer } from '#stream'
import { overwriting } from '../../stream/testing/overwriting.ts'
import type { ContentStore } from '../store.ts'

/** A store under test. Disposing it removes it. */
export interface OpenedStore extends AsyncDisposable {
  readonly store: ContentStore
}

/**
 * Tests what every `ContentStore` promises. Call it for each implementation:
 * `testContentStore('memory', open)`. `open` returns an empty store every time.
 */
export function testContentStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} as a content store`, () => {
    testWriting(open)
    testRefusing(open)
    testReading(open)
    testIngests(open)
  })
}

type Open = () => Promise<OpenedStore>

const content = new TextEncoder().encode('one line of planking\n'.repeat(1000))
const described = describeContent(content)

function describeContent(bytes: Uint8Array): Descriptor {
  return { mediaType: mediaType.ociLayer, digest: sha256(bytes), size: bytes.length }
}

function testWriting(open: Open): void {
  test('write() stores content that has() finds and read() yields', async () => {
    await using opened = await open()
    const { store } = opened
    expect(await store.has(described)).toBe(false)
    await store.write(described, fromBuffers([content.subarray(0, 100), content.subarray(100)]))
    expect(await store.has(described)).toBe(true)
    expect(await toBuffer(store.read(described), content.length)).toEqual(content)
  })

  test('write() stores empty content too', async () => {
    await using opened = await open()
    const empty = describeContent(new Uint8Array(0))
    await opened.store.write(empty, fromBuffers([]))
    expect(await opened.store.has(empty)).toBe(true)
    expect((await toBuffer(opened.store.read(empty), 1)).length).toBe(0)
  })

  test('write() does not read the bytes when the content exists', async () => {
    await using opened = await open()
    await opened.store.write(described, fromBuffer(content))
    let isTouched = false
    const untouchable: Bytes = {
      [Symbol.asyncIterator]: () => {
        isTouched = true
        return fromBuffer(content)
      },
    }
    await opened.store.write(described, untouchable)
    expect(isTouched).toBe(false)
  })

  test('write() by several callers at once stores the content once and succeeds for all', async () => {
    await using opened = await open()
    const writes = Array.from({ length: 8 }, () =>
      opened.store.write(described, fromBuffer(content)),
    )
    await Promise.all(writes)
    expect(await toBuffer(opened.store.read(described), content.length)).toEqual(content)
  })

  test('delete() removes content, and accepts absent content', async () => {
    await using opened = await open()
    await opened.store.write(described, fromBuffer(content))
    await opened.store.delete(described)
    await opened.store.delete(described)
    expect(await opened.store.has(described)).toBe(false)
  })
}

function testRefusing(open: Open): void {
  test('write() refuses one flipped bit anywhere and stores nothing', async () => {
    await using opened = await open()
    const { store } = opened
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length - 1), fc.nat(7), async (offset, bit) => {
        const other = content.slice()
        other[offset] = (other[offset] ?? 0) ^ (1 << bit)
        const refused = await store.write(described, fromBuffer(other)).then(
          () => false,
          (error) => isStrakeError(error),
        )
        return refused && !(await store.has(described))
      }),
      { numRuns: 30 },
    )
    await store.write(described, fromBuffer(content))
    expect(await toBuffer(store.read(described), content.length)).toEqual(content)
  })

  test('write() refuses content shorter than its descriptor', async () => {
    await using opened = await open()
    const writing = opened.store.write(described, fromBuffer(content.subarray(1)))
    await expect(writing).rejects.toThrow()
    expect(await opened.store.has(described)).toBe(false)
  })

  test('write() stops an endless sender soon after the size it announced', async () => {
    await using opened = await open()
    const chunk = new Uint8Array(1000)
    let sent = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        sent += chunk.length
        yield chunk
      }
    }
    const claimed = { ...describeContent(chunk), size: 5000 }
    await expect(opened.store.write(claimed, endless())).rejects.toThrow()
    expect(sent).toBeLessThanOrEqual(6000)
    expect(await opened.store.has(claimed)).toBe(false)
  })

  test('write() throws the error of its bytes, and can be repeated', async () => {
    await using opened = await open()
    const reason = new Error('connection reset')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield content.subarray(0, 5000)
      throw reason
    }
    await expect(opened.store.write(described, broken())).rejects.toThrow('connection reset')
    expect(await opened.store.has(described)).toBe(false)
    await opened.store.write(described, fromBuffer(content))
    expect(await toBuffer(opened.store.read(described), content.length)).toEqual(content)
  })
}

function testReading(open: Open): void {
  test('read() of a range yields just these bytes', async () => {
    await using opened = await open()
    await opened.store.write(described, fromBuffer(content))
    const read = (start: number, end?: number) =>
      toBuffer(
        opened.store.read(described, end === undefined ? { start } : { start, end }),
        content.length,
      )
    expect(await read(7, 12)).toEqual(content.slice(7, 12))
    expect(await read(content.length - 3)).toEqual(content.slice(-3))
    expect((await read(content.length)).length).toBe(0)
  })

  test('read() of absent content throws NOT_FOUND or BLOB_UNKNOWN', async () => {
    await using opened = await open()
    const reading = toBuffer(opened.store.read(described), content.length)
    const error = await reading.catch((reason: unknown) => reason)
    expect(isStrakeError(error, 'NOT_FOUND', 'BLOB_UNKNOWN')).toBe(true)
  })

  test('read() rethrows the reason of its signal', async () => {
    await using opened = await open()
    await opened.store.write(described, fromBuffer(content))
    const reason = new Error('interrupted')
    const signal = AbortSignal.abort(reason)
    const reading = toBuffer(opened.store.read(described, { signal }), content.length)
    await expect(reading).rejects.toBe(reason)
  })
}

function testIngests(open: Open): void {
  test('ingest() returns the digest of content', async () => {
    await using opened = await open()
    await using ingest = await opened.store.ingest()
    await ingest.append(fromBuffer(content.subarray(0, 10)))
    await ingest.append(fromBuffer(content.subarray(10)))
    expect(ingest.size).toBe(content.length)
    expect(await ingest.commit()).toBe(described.digest)
    expect(await toBuffer(opened.store.read(described), content.length)).toEqual(content)
  })

  test('ingest() refuses to commit under the digest of other content', async () => {
    await using opened = await open()
    await using ingest = await opened.store.ingest()
    await ingest.append(fromBuffer(content))
    const other = sha256('something else')
    await expect(ingest.commit(other)).rejects.toBeInstanceOf(ContentMismatchError)
    expect(await opened.store.has({ ...described, digest: other })).toBe(false)
    expect(await opened.store.has(described)).toBe(false)
  })

  test('ingest() of many at a time returns the digest of each', async () => {
    await using opened = await open()
    const contents = Array.from({ length: 30 }, (_, count) =>
      new TextEncoder().encode(`${count}`.repeat(20_000)),
    )
    let waiting = contents.length
    const { promise: allWait, resolve: goOn } = Promise.withResolvers<void>()
    // Each ingest has received a part before any receives the rest.
    async function* halting(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 5000)
      waiting -= 1
      if (waiting === 0) goOn()
      await allWait
      yield bytes.subarray(5000)
    }
    const digests = await Promise.all(
      contents.map(async (bytes) => {
        await using ingest = await opened.store.ingest({ expectedSize: bytes.length })
        await ingest.append(halting(bytes))
        return await ingest.commit()
      }),
    )
    expect(digests).toEqual(contents.map((bytes) => sha256(bytes)))
  })

  test('ingest() that is aborted leaves nothing', async () => {
    await using opened = await open()
    await using ingest = await opened.store.ingest()
    await ingest.append(fromBuffer(content))
    await ingest.abort()
    expect(await opened.store.has(described)).toBe(false)
  })
}

/**
 * Tests the additional guarantees of local stores: ingests resume by their ID, other algorithms
 * work, and `list` returns the blobs.
 */
export function testLocalIngests(open: Open): void {
  test('ingest() resumes an ingest by its id, for one holder at a time', async () => {
    await using opened = await open()
    const { store } = opened
    {
      await using first = await store.ingest({ id: 'upload-1' })
      await first.append(fromBuffer(content.subarray(0, 1234)))
      await expect(store.ingest({ id: 'upload-1' })).rejects.toMatchObject({ code: 'CONFLICT' })
    }
    await using second = await store.ingest({ id: 'upload-1' })
    expect(second.size).toBe(1234)
    await second.append(fromBuffer(content.subarray(1234)))
    expect(await second.commit(described.digest)).toBe(described.digest)
    await using third = await store.ingest({ id: 'upload-1' })
    expect(third.size).toBe(0)
  })

  test('write() and append() accept bytes whose producer reuses its memory', async () => {
    await using opened = await open()
    await opened.store.write(described, overwriting(content, 100))
    expect(await toBuffer(opened.store.read(described), content.length)).toEqual(content)
    await opened.store.delete(described)
    await using ingest = await opened.store.ingest()
    await ingest.append(overwriting(content, 100))
    expect(await ingest.commit()).toBe(described.digest)
    expect(await toBuffer(opened.store.read(described), content.length)).toEqual(content)
  })

  test('ingest() refuses an id that could be a path', async () => {
    await using opened = await open()
    for (const id of ['', '..', '../x', 'a/b', 'a@b', 'x'.repeat(201), '.hidden', 'a\0']) {
      await expect(opened.store.ingest({ id })).rejects.toMatchObject({ code: 'INVALID' })
    }
  })

  test('ingest() returns a digest of the requested algorithm', async () => {
    await using opened = await open()
    const hasher = createHasher('sha512')
    hasher.update(content)
    const digest = hasher.digest()
    await using ingest = await opened.store.ingest({ algorithm: 'sha512' })
    await ingest.append(fromBuffer(content))
    expect(await ingest.commit()).toBe(digest)
    const read = toBuffer(opened.store.read({ ...described, digest }), content.length)
    expect(await read).toEqual(content)
  })

  test('ingest() commits under the algorithm of the expected digest', async () => {
    await using opened = await open()
    const hasher = createHasher('sha512')
    hasher.update(content)
    const digest = hasher.digest()
    await using ingest = await opened.store.ingest()
    await ingest.append(fromBuffer(content))
    expect(await ingest.commit(digest)).toBe(digest)
    expect(await opened.store.has({ ...described, digest })).toBe(true)
  })
}
