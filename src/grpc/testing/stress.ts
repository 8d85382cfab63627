/**
 * Makes many connections at once, half of them inside calls of other connections, and compares
 * every byte that comes back. Runs on Bun and on Node, and prints `ok`.
 */
import { createHash, randomFillSync } from 'node:crypto'
import { bidi, GrpcClient, serveGrpc, tunnel } from '../index.ts'
import { type Connections, listenForConnections } from './connections.ts'
import { Echo, echoMethods, Session } from './echo.ts'

const pairs = 24
const messages = 100

/** Sends random bytes through the echo of the other side while it makes other calls. */
async function work(client: GrpcClient): Promise<void> {
  const stream = client.open(Echo.pipe)
  const sent = createHash('sha256')
  const received = createHash('sha256')
  const send = async (): Promise<void> => {
    for (let index = 0; index < messages; index++) {
      const data = randomFillSync(new Uint8Array(1 + Math.floor(Math.random() * 60_000)))
      sent.update(data)
      await stream.send({ data })
    }
    stream.end()
  }
  const receive = async (): Promise<void> => {
    for await (const { data } of stream) received.update(data)
  }
  const call = async (): Promise<void> => {
    for (let count = 0; count < messages; count++) {
      const answer = await client.call(Echo.say, { text: 'x', count })
      if (answer.count !== count + 1) throw new Error(`got ${answer.count} for ${count}`)
    }
  }
  await Promise.all([send(), receive(), call()])
  if (sent.digest('hex') !== received.digest('hex')) throw new Error('the bytes differ')
}

/** The accepting side calls, as a server of builds does on the connection of a session. */
async function direct(connections: Connections): Promise<void> {
  const { client, server } = await connections.open()
  const served = serveGrpc(client, echoMethods())
  await work(new GrpcClient(server))
  served[Symbol.dispose]()
}

/** The same inside a call of the connecting side. */
async function tunnelled(connections: Connections): Promise<void> {
  const { client, server } = await connections.open()
  serveGrpc(server, [
    bidi(Session, async (stream) => {
      await work(new GrpcClient(tunnel(stream)))
    }),
  ])
  const caller = new GrpcClient(client)
  const stream = caller.open(Session)
  const served = serveGrpc(tunnel(stream, stream.end), echoMethods())
  await served.closed
  caller[Symbol.dispose]()
}

const connections = await listenForConnections()
await Promise.all(
  Array.from({ length: pairs }, async (_, index) => {
    const run = index % 2 === 0 ? direct : tunnelled
    await run(connections)
  }),
)
await connections[Symbol.asyncDispose]()
process.stdout.write('ok\n')
process.exit()
