import { afterEach, beforeEach, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { relayAgent } from './agent-relay.ts'

let directory: TemporaryDirectory
let agent: Server
let relay: Server
/** Types of the requests that reached the agent. */
let heard: number[]

beforeEach(async () => {
  directory = await mkdtempDisposable(tmpdir())
  heard = []
  agent = await serve('agent', (client) => {
    client.on('data', (data: Buffer) => {
      heard.push(data[4] ?? 0)
      // Large answers arrive in pieces.
      const answer = message(100 + (data[4] ?? 0), data.subarray(5))
      client.write(answer.subarray(0, 3), () => client.write(answer.subarray(3)))
    })
    client.on('end', () => client.end())
  })
  relay = await serve('relay', (client) => {
    void relayAgent(client, connect(`${directory.path}/agent`))
  })
})
afterEach(async () => {
  agent.close()
  relay.close()
  await directory[Symbol.asyncDispose]()
})

async function serve(name: string, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer(accept)
  server.listen(`${directory.path}/${name}`)
  await once(server, 'listening')
  return server
}

function message(type: number, rest: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(1 + rest.length)
  head[4] = type
  return Buffer.concat([head, rest])
}

/** Returns the answer, up to `length` bytes or the end of the connection. */
async function ask(bytes: Uint8Array, length: number, size = bytes.length): Promise<Buffer> {
  const client = connect(`${directory.path}/relay`)
  await once(client, 'connect')
  let answer = Buffer.alloc(0)
  const done = new Promise<void>((resolve) => {
    client.on('data', (data: Buffer) => {
      answer = Buffer.concat([answer, data])
      if (answer.length >= length) resolve()
    })
    client.on('close', () => resolve())
    client.on('error', () => {})
  })
  for (let at = 0; at < bytes.length; at += size) client.write(bytes.subarray(at, at + size))
  await done
  client.destroy()
  return answer
}

const failed = message(5)

test('relayAgent() passes on requests that list keys and sign', async () => {
  const [list, sign] = [message(11), message(13, Buffer.from('what to sign'))]
  const answers = Buffer.concat([message(111), message(113, Buffer.from('what to sign'))])
  const requests = Buffer.concat([list, sign])
  for (const size of [1, 3, 1000]) {
    expect(await ask(requests, answers.length, size)).toEqual(answers)
  }
})

test('relayAgent() refuses requests that change the agent, and answers in the order of the requests', async () => {
  // Remove all, add, lock, extension.
  const requests = Buffer.concat([11, 19, 17, 22, 27, 13].map((type) => message(type)))
  const answers = [message(111), failed, failed, failed, failed, message(113)]
  const expected = Buffer.concat(answers)
  expect(await ask(requests, expected.length)).toEqual(expected)
  expect(heard).toEqual([11, 13])
})

test('relayAgent() ends with a message that is too long, and with the agent', async () => {
  expect(await ask(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 11), 1)).toHaveLength(0)
  agent.close()
  expect(await ask(message(11), 1)).toHaveLength(0)
})
