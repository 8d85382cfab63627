import { describe, expect, test } from 'bun:test'
import { type Digest, StrakeError, sha256 } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { testContentStore, testLocalIngests } from '../content/testing/contract.ts'
import { blob, noise } from '../registry/testing/fixtures.ts'
import { createMemoryIndex } from './memory-index.ts'
import { openObjectStore } from './object-store.ts'
import { partSize } from './part-block.ts'
import { createMemoryBucket } from './testing/memory-bucket.ts'

const openEmpty = async () => ({
  store: openObjectStore(createMemoryBucket(), createMemoryIndex()),
  async [Symbol.asyncDispose]() {},
})
testContentStore('openObjectStore()', openEmpty)
describe('openObjectStore() as a store of ingests', () => testLocalIngests(openEmpty))

/** Two replicas over one bucket and one index. */
function openTwo() {
  const bucket = createMemoryBucket()
  const index = createMemoryIndex()
  return { bucket, index, one: openObjectStore(bucket, index), two: openObjectStore(bucket, index) }
}

const large = noise(2 * partSize + 1000, 7)
const digest: Digest = sha256(large)
const described = { mediaType: 'application/octet-stream', digest, size: large.length }

async function readAll(store: ReturnType<typeof openObjectStore>): Promise<Uint8Array> {
  return await toBuffer(store.read(described), large.length)
}

test('an upload that goes through several replicas in odd pieces is proved and stored', async () => {
  const { bucket, index, one, two } = openTwo()
  const cuts = [0, 10, 5_000_000, partSize, partSize + 1, large.length]
  for (const [at, cut] of cuts.slice(1).entries()) {
    const replica = at % 2 === 0 ? one : two
    await using ingest = await replica.ingest({ id: 'upload-1' })
    expect(ingest.size).toBe(cuts[at] ?? -1)
    await ingest.append(fromBuffer(large.subarray(cuts[at], cut)))
    expect(ingest.size).toBe(cut)
  }
  await using last = await two.ingest({ id: 'upload-1' })
  expect(await last.commit(digest)).toBe(digest)
  for (const replica of [one, two]) expect(await readAll(replica)).toEqual(large)
  await one.sweep(1_000_000)
  expect([bucket.objects.size, bucket.uploads.size]).toEqual([1, 0])
  expect(await index.ingests.find('upload-1')).toBeUndefined()
})

test('a small blob costs one object request, a large one its parts and two more', async () => {
  const { bucket, one } = openTwo()
  const small = blob('small')
  await one.write(small.descriptor, fromBuffer(small.raw))
  expect(bucket.requests.splice(0)).toEqual(['write'])
  await one.write(described, fromBuffer(large))
  const parts = ['start', 'part', 'part', 'write', 'part', 'finish']
  expect(bucket.requests.splice(0)).toEqual(parts)
  await one.write(described, fromBuffer(large))
  expect(bucket.requests).toEqual([])
})

test('a replica that ends in the middle loses nothing that was acknowledged', async () => {
  for (const failing of ['start', 'part', 'write', 'finish']) {
    const { bucket, one, two } = openTwo()
    const first = await one.ingest({ id: 'upload-1' })
    await first.append(fromBuffer(large.subarray(0, 1000)))
    bucket.before = (request) => {
      if (request === failing) throw new StrakeError('UNAVAILABLE', 'ended')
    }
    const rest = async (): Promise<void> => {
      await first.append(fromBuffer(large.subarray(1000)))
      await first.commit(digest)
    }
    await rest().catch(() => {})
    bucket.before = () => {}
    const second = await two.ingest({ id: 'upload-1' })
    expect(second.size).toBeGreaterThanOrEqual(1000)
    await second.append(fromBuffer(large.subarray(second.size)))
    expect(await second.commit(digest)).toBe(digest)
    expect(await readAll(one)).toEqual(large)
    await two.sweep(1_000_000)
    expect([failing, bucket.objects.size, bucket.uploads.size]).toEqual([failing, 1, 0])
  }
})

test('two replicas cannot both continue one upload', async () => {
  const { one, two } = openTwo()
  const [first, second] = [await one.ingest({ id: 'a' }), await two.ingest({ id: 'a' })]
  await first.append(fromBuffer(large.subarray(0, 10)))
  expect(second.append(fromBuffer(large.subarray(0, 20)))).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  await second.append(fromBuffer(large.subarray(0, 20))).catch(() => {})
  expect((await one.ingest({ id: 'b' })).size).toBe(0)
})

test('sweep() drops uploads that nobody continued, and objects without a blob', async () => {
  const { bucket, one } = openTwo()
  await using ingest = await one.ingest({ id: 'a' })
  await ingest.append(fromBuffer(large.subarray(0, partSize + 5)))
  await ingest[Symbol.asyncDispose]()
  await one.sweep(60_000)
  expect([bucket.uploads.size, bucket.objects.size]).toEqual([1, 1])
  await new Promise((resolve) => setTimeout(resolve, 5))
  await one.sweep(0)
  expect([bucket.uploads.size, bucket.objects.size]).toEqual([0, 0])
})

test('a bucket that fails keeps what it took, and the upload goes on behind that', async () => {
  for (const failing of ['part', 'write']) {
    const { bucket, one, two } = openTwo()
    const first = await one.ingest({ id: 'upload-1' })
    let left = failing === 'part' ? 1 : 0
    bucket.before = (request) => {
      if (request === failing && left-- <= 0) throw new StrakeError('UNAVAILABLE', 'down')
    }
    await expect(first.append(fromBuffer(large))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const kept = failing === 'part' ? partSize : 2 * partSize
    expect(first.size).toBe(kept)
    bucket.before = () => {}
    // The replica itself goes on, or another one does.
    const next = failing === 'part' ? first : await two.ingest({ id: 'upload-1' })
    expect(next.size).toBe(kept)
    await next.append(fromBuffer(large.subarray(kept)))
    expect(await next.commit(digest)).toBe(digest)
    expect(await readAll(one)).toEqual(large)
  }
})

test('uploads to a silent bucket take no more bytes than the memory for them', async () => {
  const { bucket, one } = openTwo()
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  const silent = { ...bucket, put: () => answered }
  const store = openObjectStore(silent, createMemoryIndex())
  const chunk = new Uint8Array(256 * 1024)
  let taken = 0
  // The bucket is silent only once it has something to take.
  const small = await store.ingest({ id: 'upload-small' })
  const asked = small.append(fromBuffer(new Uint8Array(1)))
  const uploads = Array.from({ length: 60 }, async (_, count) => {
    const ingest = await store.ingest({ id: `upload-${count}` })
    const send = async function* (): AsyncGenerator<Uint8Array> {
      for (let left = 30; left > 0; left -= 1) {
        taken += chunk.length
        yield chunk
      }
    }
    await ingest.append(send())
  })
  // The bucket counts as silent after five seconds, and the reserve opens.
  await Bun.sleep(13_000)
  // 96 MiB and as much again, and what each upload has in its hands.
  expect(taken).toBeLessThan((192 + 60) * 1024 * 1024)
  expect(taken).toBeGreaterThan(90 * 1024 * 1024)
  answer()
  await Promise.all([asked, ...uploads])
  await one.sweep(0)
}, 60_000)

test('an abort needs no bucket and always gives up the ID', async () => {
  const { bucket, index, one } = openTwo()
  const ingest = await one.ingest({ id: 'upload-1' })
  await ingest.append(fromBuffer(large))
  bucket.requests.length = 0
  await ingest.abort()
  expect(bucket.requests).toEqual([])
  const again = await one.ingest({ id: 'upload-1' })
  expect(again.size).toBe(0)
  const { discard } = index.ingests
  Object.assign(index.ingests, {
    discard: () => Promise.reject(new StrakeError('UNAVAILABLE', 'down')),
  })
  await expect(again.abort()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  Object.assign(index.ingests, { discard })
  await (await one.ingest({ id: 'upload-1' })).abort()
  await one.sweep(1_000_000)
  expect([bucket.objects.size, bucket.uploads.size]).toEqual([0, 0])
})

test('an abort after the commit, as a session does it, leaves the blob alone', async () => {
  const { bucket, one } = openTwo()
  for (const { descriptor, raw } of [blob('small'), { descriptor: described, raw: large }]) {
    const ingest = await one.ingest({ id: 'upload-1' })
    await ingest.append(fromBuffer(raw))
    await ingest.commit(descriptor.digest)
    bucket.requests.length = 0
    await ingest.abort()
    expect(bucket.requests).toEqual([])
    await one.sweep(0)
    expect(await toBuffer(one.read(descriptor), raw.length)).toEqual(new Uint8Array(raw))
  }
  expect(bucket.objects.size).toBe(2)
})

test('deleteUnless() hides a blob, and brings it back when it is needed after all', async () => {
  const { bucket, one, two } = openTwo()
  const { descriptor, raw } = blob('needed')
  await one.write(descriptor, fromBuffer(raw))
  expect(
    await one.deleteUnless(descriptor.digest, async () => {
      // What is found needed at once is never hidden.
      expect(await two.has(descriptor)).toBe(true)
      return true
    }),
  ).toBe(false)
  const isVisible: boolean[] = []
  const look = async (): Promise<boolean> => {
    isVisible.push((await Array.fromAsync(two.list())).length > 0)
    return isVisible.length > 1
  }
  expect(await one.deleteUnless(descriptor.digest, look)).toBe(false)
  expect(isVisible).toEqual([true, false])
  expect(await two.has(descriptor)).toBe(true)
  // A push begins to use it right after the first check.
  let time = Date.now()
  const used = openObjectStore(
    bucket,
    createMemoryIndex(() => (time += 1000)),
  )
  await used.write(descriptor, fromBuffer(raw))
  const use = async (): Promise<boolean> => {
    await used.has(descriptor)
    return false
  }
  expect(await used.deleteUnless(descriptor.digest, use)).toBe(false)
  bucket.objects.clear()
  await one.delete(descriptor)
  await one.write(descriptor, fromBuffer(raw))
  // Another replica writes it again while it is hidden.
  let checks = 0
  const meanwhile = async (): Promise<boolean> => {
    checks += 1
    if (checks === 2) await two.write(descriptor, fromBuffer(raw))
    return false
  }
  expect(await one.deleteUnless(descriptor.digest, meanwhile)).toBe(true)
  await one.sweep(1_000_000)
  expect(await toBuffer(two.read(descriptor), raw.length)).toEqual(raw)
  expect(bucket.objects.size).toBe(1)
})
