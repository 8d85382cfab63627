import { expect, test } from 'bun:test'
import { toBuffer } from '#stream'
import type { Repository } from '../registry.ts'
import { expectCode } from '../testing/expect-code.ts'
import { blob, instantRetries, manifest, noise, peer, serveContent } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const connect = (answer: Parameters<typeof peer>[0]): Repository =>
  connectRegistry('localhost', {
    fetch: peer(answer).fetch,
    retry: instantRetries(2),
  }).repository('app')

test('read() refuses a blob with one flipped bit at any place', async () => {
  const good = blob(noise(5000))
  for (let offset = 0; offset < 5000; offset += 97) {
    const raw = good.raw.slice()
    raw[offset] = (raw[offset] ?? 0) ^ (1 << (offset % 8))
    const repository = connect((request) => serveContent(request, { ...good, raw }))
    const code = await expectCode(toBuffer(repository.read(good.descriptor), 1e6), [
      'DIGEST_INVALID',
    ])
    expect(code).toContain(good.descriptor.digest)
  }
})

test('read() yields no byte of a manifest with other bytes', async () => {
  const good = manifest({ annotations: { a: 'b' } })
  const other = manifest({ annotations: { a: 'c' } })
  let yielded = 0
  const repository = connect(
    () => new Response(other.raw, { headers: { 'Content-Type': good.descriptor.mediaType } }),
  )
  const reading = (async () => {
    for await (const chunk of repository.read(good.descriptor)) yielded += chunk.byteLength
  })()
  await expectCode(reading, ['DIGEST_INVALID'])
  expect(yielded).toBeLessThanOrEqual(good.raw.byteLength)
})

test('resolve() of a digest refuses another manifest, with or without the digest header', async () => {
  const good = manifest({ annotations: { a: 'b' } })
  const other = manifest({ annotations: { a: 'c' } })
  const lying = connect((request) => serveContent(request, other))
  await expectCode(lying.resolve(good.descriptor.digest), ['DIGEST_INVALID'])
  const silent = connect(
    (request) =>
      new Response(request.method === 'HEAD' ? null : other.raw, {
        headers: { 'Content-Type': other.descriptor.mediaType },
      }),
  )
  await expectCode(silent.resolve(good.descriptor.digest), ['DIGEST_INVALID'])
})

test('resolve() of a tag refuses a body that does not match the digest header', async () => {
  const good = manifest({ annotations: { a: 'b' } })
  const other = manifest({ annotations: { a: 'c' } })
  const repository = connect((request) => {
    if (request.method === 'HEAD') return new Response(null, { status: 405 })
    return serveContent(request, { raw: other.raw, descriptor: good.descriptor })
  })
  await expectCode(repository.resolve('1'), ['DIGEST_INVALID'])
})

test('read() refuses a blob that was encoded on the way', async () => {
  const good = blob('plain')
  const repository = connect(
    () => new Response(good.raw, { headers: { 'Content-Encoding': 'gzip' } }),
  )
  expect(
    await expectCode(toBuffer(repository.read(good.descriptor), 100), ['UNAVAILABLE']),
  ).toContain('re-encoded')
})
