import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { connectUnix, listenUnix, type UnixConnection } from './unix-sockets.ts'

let base = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/unix-sockets-`)
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

/** Both ends of a connection. */
async function connection(): Promise<{
  readonly here: UnixConnection
  readonly there: UnixConnection
}> {
  const accepted = Promise.withResolvers<UnixConnection>()
  const server = listenUnix(`${base}/socket`, accepted.resolve)
  const here = await connectUnix(`${base}/socket`)
  const there = await accepted.promise
  server[Symbol.dispose]()
  return { here, there }
}

const mebibyte = 1024 * 1024

test('write() waits while the other end does not read, and every byte arrives in order', async () => {
  const { here, there } = await connection()
  const size = 8 * mebibyte
  const sent = new Uint8Array(size).map((_, index) => index % 251)
  let written = 0
  const sending = (async () => {
    for (let start = 0; start < size; start += 65_536) {
      await here.write(sent.subarray(start, start + 65_536))
      written += 65_536
    }
    here.finish()
  })()
  // Until the buffers of the kernel and of the other end are full.
  for (let before = -1; before !== written; ) {
    before = written
    await Bun.sleep(20)
  }
  expect(written).toBeLessThan(2 * mebibyte)
  const arrived = Buffer.concat(await Array.fromAsync(there.bytes))
  await sending
  expect(arrived.equals(Buffer.from(sent))).toBe(true)
})

test('finish() lets the other end read to the end, and both ends close', async () => {
  const { here, there } = await connection()
  void here.write(Buffer.from('question'))
  here.finish()
  expect((await Array.fromAsync(there.bytes)).join('')).toBe('question')
  await there.closed
  await here.closed
  // Nobody would read it.
  await here.write(Buffer.from('late'))
  expect([here.isClosed, there.isClosed]).toEqual([true, true])
})

test('writes before the end of the input arrive after it', async () => {
  const { here, there } = await connection()
  const answer = Buffer.alloc(mebibyte, 'a')
  const answered = there.write(answer)
  here.finish()
  const bytes = Buffer.concat(await Array.fromAsync(here.bytes))
  await answered
  expect(bytes.equals(answer)).toBe(true)
})

test('destroy() resolves the writes that wait, and ends the other end', async () => {
  const { here, there } = await connection()
  const waiting = here.write(new Uint8Array(8 * mebibyte))
  await Bun.sleep(1)
  here.destroy()
  await waiting
  await here.closed
  for await (const _ of there.bytes);
  await there.closed
})

test('connectUnix() throws the error of the system where nobody listens', async () => {
  writeFileSync(`${base}/file`, '')
  await expect(connectUnix(`${base}/none`)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(connectUnix(`${base}/file`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
