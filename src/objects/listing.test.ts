import { expect, test } from 'bun:test'
import { fromBuffer, toBuffer } from '#stream'
import { openBucket } from './bucket.ts'
import { listObjects, listUnfinished } from './listing.ts'
import { startS3Server } from './testing/s3-server.ts'

function open(endpoint: string) {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
  const pace = { parallel: 2, attempts: 2, timeout: 5000 }
  return openBucket({
    ...{ bucket: 'b', region: 'r', usesPath: true, endpoint, credentials },
    ...pace,
  })
}

test('list() yields the objects below a prefix, page after page', async () => {
  await using server = startS3Server()
  const { objects } = server.bucket('b')
  const bucket = open(server.url)
  const keys = Array.from({ length: 2500 }, (_, count) => `a/${String(count).padStart(4, '0')}`)
  for (const key of [...keys, 'b/1']) {
    objects.set(key, { bytes: new Uint8Array(3), tag: '""', modified: new Date(1000) })
  }
  const found = await Array.fromAsync(bucket.list('a/'))
  expect(found.map(({ key }) => key)).toEqual(keys)
  expect(found[0]).toEqual({ key: 'a/0000', size: 3, modified: 1000 })
  expect(server.requests).toEqual(['GET list', 'GET list', 'GET list'])
  expect(await Array.fromAsync(bucket.list('c/'))).toEqual([])
})

test('parts.list() yields what is being written until it is finished or given up', async () => {
  await using server = startS3Server()
  server.bucket('b')
  const { parts, read } = open(server.url)
  const ids = await Promise.all(['a/1', 'a/2', 'b/1'].map((key) => parts.start(key)))
  const below = async () =>
    (await Array.fromAsync(parts.list('a/'))).map(({ uploadId }) => uploadId)
  expect(await below()).toEqual(ids.slice(0, 2))
  await parts.abort('a/2', ids[1] ?? '')
  const body = new Uint8Array(5)
  const tag = await parts.write('a/1', ids[0] ?? '', { number: 1, body })
  await parts.finish('a/1', ids[0] ?? '', [tag])
  expect(await below()).toEqual([])
  expect(await toBuffer(read('a/1', 1, 4), 10)).toEqual(new Uint8Array(3))
})

test('a list without an end is refused', async () => {
  const page = '<R><IsTruncated>true</IsTruncated><Contents><Key>k</Key></Contents></R>'
  await expect(Array.fromAsync(listObjects(async () => page, ''))).rejects.toThrow('no next page')
  const uploads = '<R><IsTruncated>true</IsTruncated></R>'
  const unfinished = listUnfinished(async () => uploads, '')
  await expect(Array.fromAsync(unfinished)).rejects.toThrow('no next page')
})

test('names in a list are read as XML writes them', async () => {
  const page = '<R><Contents><Key>a&amp;b&#60;&quot;</Key><Size>1</Size></Contents></R>'
  expect(await Array.fromAsync(listObjects(async () => page, ''))).toMatchObject([
    { key: 'a&b<"', size: 1 },
  ])
})

test('the server of tests refuses what S3 refuses', async () => {
  await using server = startS3Server()
  server.bucket('b')
  expect((await fetch(`${server.url}/b/k`)).status).toBe(403)
  expect((await fetch(`${server.url}/absent/k`)).status).toBe(404)
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
  const late = openBucket({
    ...{ bucket: 'b', region: 'r', usesPath: true, endpoint: server.url, credentials },
    ...{ parallel: 2, attempts: 1, timeout: 5000, now: () => Date.now() - 20 * 60_000 },
  })
  await expect(late.status('k')).rejects.toMatchObject({ code: 'DENIED' })
  const bucket = open(server.url)
  await bucket.write('k', fromBuffer(new Uint8Array(9)), 9)
  const url = bucket.locate('k', 60)
  expect((await fetch(url)).status).toBe(200)
})
