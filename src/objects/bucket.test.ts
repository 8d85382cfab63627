import { expect, test } from 'bun:test'
import { fromBuffer, toBuffer } from '#stream'
import { type BucketOptions, openBucket } from './bucket.ts'
import { signRequest } from './signature.ts'

/** The example of Amazon's documentation. */
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

test('signRequest() makes the signature of the example in the documentation of Amazon', () => {
  const headers = signRequest(
    {
      method: 'GET',
      url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
      headers: { range: 'bytes=0-9' },
    },
    { credentials, region: 'us-east-1', now: new Date('2013-05-24T00:00:00Z') },
  )
  expect(headers['authorization']).toEndWith(
    'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  )
})

interface Seen {
  readonly method: string
  readonly url: string
  readonly size: number
}

/** A bucket whose server is `answer`. */
function bucketOf(answer: (seen: Seen) => Response, options: Partial<BucketOptions> = {}) {
  const seen: Seen[] = []
  const bucket = openBucket({
    bucket: 'b',
    region: 'r',
    usesPath: true,
    endpoint: 'http://s3.example:9000/base/',
    credentials,
    parallel: 2,
    attempts: 3,
    timeout: 10_000,
    sleep: async () => {},
    fetch: async (url, { method = 'GET', body }) => {
      const size = body instanceof Uint8Array ? body.length : 0
      const one = { method, url: String(url), size }
      seen.push(one)
      return answer(one)
    },
    ...options,
  })
  return { bucket, seen }
}

test('openBucket() writes a small object at once, and encodes its key', async () => {
  const { bucket, seen } = bucketOf(() => new Response(''))
  await bucket.write('blobs/sha256:a b', fromBuffer(new Uint8Array(5)), 5)
  expect(seen).toEqual([
    { method: 'PUT', url: 'http://s3.example:9000/base/b/blobs/sha256%3Aa%20b', size: 5 },
  ])
})

test('openBucket() writes a large object in parts, and gives up the upload after a failure', async () => {
  const size = 20_000_000
  let failing = false
  const { bucket, seen } = bucketOf(({ method, url }) => {
    if (url.endsWith('?uploads=')) return new Response('<a><UploadId>id&amp;1</UploadId></a>')
    if (failing && url.includes('partNumber=2')) return new Response('', { status: 403 })
    return new Response(null, { status: method === 'DELETE' ? 204 : 200, headers: { etag: '"e"' } })
  })
  await bucket.write('k', fromBuffer(new Uint8Array(size)), size)
  const puts = seen.filter(({ method }) => method === 'PUT')
  expect(puts.map((each) => each.size)).toEqual([8_388_608, 8_388_608, 3_222_784])
  expect(puts[0]?.url).toContain('uploadId=id%261')
  expect(seen.at(-1)?.method).toBe('POST')
  failing = true
  const writing = bucket.write('k', fromBuffer(new Uint8Array(size)), size)
  await expect(writing).rejects.toMatchObject({ code: 'DENIED' })
  expect(seen.at(-1)?.method).toBe('DELETE')
})

test('openBucket() names the host by the bucket, unless the bucket has a dot', async () => {
  const answer = (): Response => new Response('')
  const amazon = { endpoint: undefined, usesPath: false }
  const one = bucketOf(answer, amazon)
  await one.bucket.status('k')
  expect(one.seen[0]?.url).toBe('https://b.s3.r.amazonaws.com/k')
  const two = bucketOf(answer, { ...amazon, bucket: 'a.b' })
  await two.bucket.status('k')
  expect(two.seen[0]?.url).toBe('https://s3.r.amazonaws.com/a.b/k')
})

test('openBucket() tries again after server errors, and follows no redirect', async () => {
  const statuses = [503, 200]
  const { bucket } = bucketOf(() => new Response('x', { status: statuses.shift() ?? 200 }))
  expect(await toBuffer(bucket.read('k'), 10)).toHaveLength(1)
  const elsewhere = bucketOf(() => new Response('', { status: 307, headers: { location: '/x' } }))
  await expect(toBuffer(elsewhere.bucket.read('k'), 10)).rejects.toThrow('the server answered 307')
  const failing = bucketOf(() => new Response('', { status: 500 }))
  await expect(failing.bucket.status('k')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(failing.seen).toHaveLength(3)
})

test('openBucket() reports a failure that a service hides behind the status 200', async () => {
  const text = '<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>'
  const { bucket } = bucketOf(() => new Response(text))
  await expect(bucket.touch('k')).rejects.toThrow('Cannot renew k: SlowDown')
})

test('openBucket() does not wait for a body that stops', async () => {
  const stopped = (status: number): Response => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('x')) })
    return new Response(body, { status })
  }
  const { bucket } = bucketOf(() => stopped(200), { silence: 20 })
  await expect(toBuffer(bucket.read('k'), 10)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect(bucket.touch('k')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const refusing = bucketOf(() => stopped(403), { silence: 20 })
  await expect(refusing.bucket.status('k')).rejects.toMatchObject({ code: 'DENIED' })
})
