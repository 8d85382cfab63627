import { afterEach, expect, test } from 'bun:test'
import { createSocket } from 'node:dgram'
import { type AddressInfo, connect, createServer } from 'node:net'
import { openProxies } from './open-proxies.ts'
import type { ProxiedPort } from './proxied-port.ts'

let closing = new AsyncDisposableStack()

afterEach(async () => {
  await closing.disposeAsync()
  closing = new AsyncDisposableStack()
})

/** Sends back all received bytes after the sender has ended. */
async function serveTcp(): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const chunks: Uint8Array[] = []
    socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)))
    socket.on('end', () => socket.end(Buffer.concat(chunks)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.defer(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function proxied(protocol: 'tcp' | 'udp', port: number): Promise<ProxiedPort> {
  const target = { ip: '127.0.0.1', port }
  return { hostIp: '::1', hostPort: await freePort(), protocol, target }
}

test('openProxies() forwards a connection, each direction to its end', async () => {
  const port = await proxied('tcp', await serveTcp())
  closing.use(await openProxies([port]))
  const sent = Buffer.alloc(3_000_000, 'strake')
  const client = connect({ host: '::1', port: port.hostPort, allowHalfOpen: true })
  client.end(sent)
  const received = Buffer.concat(await Array.fromAsync(client))
  expect(received.equals(sent)).toBe(true)
})

test('openProxies() ends a connection when the container does not listen', async () => {
  const port = await proxied('tcp', await freePort())
  closing.use(await openProxies([port]))
  const client = connect({ host: '::1', port: port.hostPort })
  client.on('error', () => {})
  await new Promise((resolve) => client.once('close', resolve))
})

test('openProxies() forwards datagrams, and the replies to their sender', async () => {
  const server = createSocket('udp4')
  server.on('message', (text, { port }) => server.send(`${text}!`, port, '127.0.0.1'))
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  closing.defer(() => void server.close())
  const port = await proxied('udp', server.address().port)
  closing.use(await openProxies([port]))
  const answers = ['one', 'two'].map(async (text) => {
    const client = createSocket('udp6')
    closing.defer(() => void client.close())
    client.send(text, port.hostPort, '::1')
    return await new Promise((resolve) => client.once('message', (answer) => resolve(`${answer}`)))
  })
  expect(await Promise.all(answers)).toEqual(['one!', 'two!'])
})

test('openProxies() serves all ports or none', async () => {
  const [free, taken] = [await proxied('tcp', 1), await proxied('tcp', 1)]
  closing.use(await openProxies([taken]))
  await expect(openProxies([free, taken])).rejects.toThrow(
    `Cannot publish port [::1]:${taken.hostPort}: address already in use by another process`,
  )
  closing.use(await openProxies([free]))
})
