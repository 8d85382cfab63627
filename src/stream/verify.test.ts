import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { ContentMismatchError, sha256 } from '#oci'
import { fromBuffer, fromBuffers, toBuffer } from './buffer.ts'
import { createHasher, hashed } from './hash.ts'
import { counted, limited } from './limit.ts'
import { verified } from './verify.ts'

const content = new TextEncoder().encode('strake by strake')
const expected = { digest: sha256(content), size: content.length }

test('verified() yields content that matches its descriptor', async () => {
  expect(await toBuffer(verified(fromBuffer(content), expected), 100)).toEqual(content)
})

test('verified() refuses one flipped bit anywhere', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(content.length * 8 - 1), async (bit) => {
      const other = content.slice()
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const reading = toBuffer(verified(fromBuffer(other), expected), 100)
      return await reading.then(
        () => false,
        (error) => error instanceof ContentMismatchError,
      )
    }),
  )
})

test('verified() refuses content that is too short', async () => {
  const reading = toBuffer(verified(fromBuffer(content.subarray(1)), expected), 100)
  await expect(reading).rejects.toMatchObject({ expected: '16 bytes', actual: '15 bytes' })
})

test('verified() stops an endless sender at the first extra byte and does not yield that chunk', async () => {
  let sent = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      sent++
      yield content.subarray(0, 1)
    }
  }
  let received = 0
  const reading = (async () => {
    for await (const chunk of verified(endless(), expected)) received += chunk.length
  })()
  await expect(reading).rejects.toBeInstanceOf(ContentMismatchError)
  expect({ sent, received }).toEqual({ sent: expected.size + 1, received: expected.size })
})

test('verified() uses the algorithm of the digest', async () => {
  const hasher = createHasher('sha512')
  hasher.update(content)
  const descriptor = { digest: hasher.digest(), size: content.length }
  expect(await toBuffer(verified(fromBuffer(content), descriptor), 100)).toEqual(content)
})

test('createHasher() returns the right digest when a small chunk is reused', () => {
  const hasher = createHasher()
  const reused = Buffer.from(content)
  hasher.update(reused.subarray(0, 4))
  reused.fill(0)
  hasher.update(content.subarray(4))
  expect(hasher.digest()).toBe(expected.digest)
})

test('hashed() reports digest and size at the end, and not before', async () => {
  const reports: unknown[] = []
  const report = (found: unknown) => reports.push(found)
  for await (const _ of hashed(fromBuffers([content, content]), report)) break
  expect(reports).toEqual([])
  await toBuffer(hashed(fromBuffer(content), report), 100)
  expect(reports).toEqual([expected])
})

test('limited() yields up to its limit and refuses the byte after it', async () => {
  expect((await toBuffer(limited(fromBuffer(content), 16, 'x'), 100)).length).toBe(16)
  await expect(toBuffer(limited(fromBuffer(content), 15, 'the token'), 100)).rejects.toMatchObject({
    code: 'SIZE_INVALID',
    message: 'Cannot read the token: it has more than 15 bytes',
  })
})

test('counted() reports the running total after each chunk', async () => {
  const totals: number[] = []
  const bytes = fromBuffers([content, content.subarray(0, 4)])
  await toBuffer(
    counted(bytes, (total) => totals.push(total)),
    100,
  )
  expect(totals).toEqual([16, 20])
})
