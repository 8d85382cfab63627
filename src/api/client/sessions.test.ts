import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Duplex } from 'node:stream'
import { serveGrpc, unary } from '#grpc'
import { type Connections, listenForConnections } from '#grpc/testing/connections'
import { messageOf } from '#grpc/testing/message-of'
import { Check } from './messages/health.ts'
import { GetSecret } from './messages/secrets.ts'
import { Sessions } from './sessions.ts'

let connections: Connections

beforeAll(async () => {
  connections = await listenForConnections()
})
afterAll(async () => await connections[Symbol.asyncDispose]())

const facts = (id: string) => ({ id, sharedKey: '', methods: [] })

/** Returns the server's end of a connection whose other end serves nothing but health. */
async function connect(): Promise<{ readonly end: Duplex; readonly leave: () => void }> {
  const { client, server } = await connections.open()
  serveGrpc(client, [unary(Check, async () => ({ status: 1 }))])
  return { end: server, leave: () => client.destroy() }
}

test('find() waits for a session that opens later, and cuts a prefix off', async () => {
  const sessions = new Sessions()
  const found = sessions.find('prefix:a')
  const { end, leave } = await connect()
  const session = sessions.open(end, facts('a'))
  expect(await found).toBe(session)
  expect(await sessions.find('a')).toBe(session)
  leave()
})

test('find() ends with its signal', async () => {
  const abort = new AbortController()
  const found = new Sessions().find('a', abort.signal)
  abort.abort(new Error('enough'))
  expect(await messageOf(found)).toContain('enough')
})

test('open() refuses an ID that is in use, until its client has left', async () => {
  const sessions = new Sessions()
  const [first, second] = [await connect(), await connect()]
  const session = sessions.open(first.end, facts('a'))
  expect(() => sessions.open(second.end, facts('a'))).toThrow('the session a is open already')
  first.leave()
  await new Promise((resolve) => session.closed.addEventListener('abort', resolve))
  expect(sessions.open(second.end, facts('a')).id).toBe('a')
  second.leave()
})

test('serves() compares methods without case, and trusts a client that lists none', async () => {
  const { end, leave } = await connect()
  const { path } = GetSecret
  const listed = new Sessions().open(end, { ...facts('a'), methods: [path.toLowerCase()] })
  expect([listed.serves(path), listed.serves('/other/Method')]).toEqual([true, false])
  expect(() => listed.require('/other/Method', 'files')).toThrow('does not serve files')
  leave()
  const other = await connect()
  expect(new Sessions().open(other.end, facts('b')).serves(path)).toBe(true)
  other.leave()
})
