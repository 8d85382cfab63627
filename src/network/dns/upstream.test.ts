import { expect, test } from 'bun:test'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { makeQuery } from './testing/query.ts'
import { frame, openUpstream, reader } from './upstream.ts'

/** A server that answers by UDP and TCP with its name in the last byte. */
async function serve(
  reply: (query: Buffer) => readonly Buffer[],
): Promise<AsyncDisposable & { readonly port: number }> {
  const udp = createSocket('udp4')
  udp.on('message', (query, { port, address }) => {
    for (const answer of reply(query)) udp.send(answer, port, address)
  })
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  const { port } = udp.address()
  const tcp = createServer((socket) => {
    const take = reader((query) => {
      for (const answer of reply(Buffer.from(query))) socket.write(frame(answer))
    })
    socket.on('data', take)
  })
  await new Promise<void>((resolve) => tcp.listen(port, '127.0.0.1', resolve))
  return {
    port,
    async [Symbol.asyncDispose]() {
      udp.close()
      tcp.close()
    },
  }
}

function answerOf(query: Buffer, last: number): Buffer {
  const answer = Buffer.concat([query, Buffer.of(last)])
  answer[2] = 0x81
  return answer
}

test.each(['udp', 'tcp'] as const)('ask() returns the answer of a server by %s', async (way) => {
  await using server = await serve((query) => [answerOf(query, 7)])
  const upstream = openUpstream(['127.0.0.1'], server.port)
  const answer = await upstream.ask(makeQuery('example.org', 1), way)
  expect([answer?.at(0), answer?.at(1), answer?.at(-1)]).toEqual([0x12, 0x34, 7])
})

test('ask() takes no answer to another question, and none with another number', async () => {
  await using server = await serve((query) => {
    const wrong = answerOf(query, 1)
    wrong[1] = (wrong[1] ?? 0) ^ 1
    const other = Buffer.from(makeQuery('example.com', 1))
    query.copy(other, 0, 0, 2)
    return [wrong, answerOf(other, 2), query, answerOf(query, 3)]
  })
  const upstream = openUpstream(['127.0.0.1'], server.port)
  expect((await upstream.ask(makeQuery('example.org', 1), 'udp'))?.at(-1)).toBe(3)
})

test('ask() goes on to the next server, and returns nothing when none answers', async () => {
  await using server = await serve((query) => [answerOf(query, 4)])
  const upstream = openUpstream(['127.0.0.2', '127.0.0.1'], server.port)
  expect((await upstream.ask(makeQuery('example.org', 1), 'tcp'))?.at(-1)).toBe(4)
  const none = openUpstream(['127.0.0.2'], server.port)
  expect(await none.ask(makeQuery('example.org', 1), 'tcp')).toBeUndefined()
  expect(await openUpstream([]).ask(makeQuery('example.org', 1), 'udp')).toBeUndefined()
})
