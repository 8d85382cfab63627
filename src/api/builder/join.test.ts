import { afterEach, expect, test } from 'bun:test'
import type { Socket } from 'node:net'
import { type Connections, listenForConnections } from '../../grpc/testing/connections.ts'
import { join } from './join.ts'

let opened: Connections[] = []
afterEach(async () => {
  for (const each of opened) await each[Symbol.asyncDispose]()
  opened = []
})

/** Two ends of two connections, whose other ends are joined. `held` are the bytes that one of these keeps. */
async function joined() {
  const connections = await listenForConnections()
  opened.push(connections)
  const [one, other] = [await connections.open(), await connections.open()]
  join(one.server, other.server)
  for (const { client } of [one, other]) client.on('error', () => {})
  return { one: one.client, other: other.client, held: () => other.server.writableLength }
}

const received = async (socket: Socket): Promise<Buffer> => {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('end', resolve))
  socket.destroy()
  return Buffer.concat(chunks)
}

test('join() carries every byte in both directions, and ends both connections after the last one', async () => {
  const { one, other } = await joined()
  const sent = Buffer.alloc(8 * 1024 * 1024, 'strake ')
  const answer = Buffer.alloc(3 * 1024 * 1024, 'answer ')
  const [atOne, atOther] = [received(one), received(other)]
  await new Promise((resolve) => one.write(answer, resolve))
  other.end(sent)
  expect((await atOne).equals(sent)).toBe(true)
  expect((await atOther).equals(answer)).toBe(true)
})

test('join() closes a connection when the other one breaks off', async () => {
  const { one, other } = await joined()
  const end = received(other)
  one.write('x')
  await new Promise((resolve) => other.once('data', resolve))
  one.destroy()
  expect(String(await end)).toBe('x')
})

test('join() holds little for a slow reader', async () => {
  const { one, other, held } = await joined()
  other.pause()
  one.write(Buffer.alloc(32 * 1024 * 1024))
  let most = 0
  for (let turns = 0; turns < 300; turns++) {
    await Bun.sleep(1)
    most = Math.max(most, held())
  }
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThan(1024 * 1024)
  one.destroy()
  other.destroy()
})
