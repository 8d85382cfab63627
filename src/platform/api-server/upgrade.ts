import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { plainAddress, requestWith, sendBody } from '../net/node-exchange.ts'
import { withFirstBytes } from './connection.ts'
import type { ApiHandler } from './handler.ts'
import { readUpgradeBody, type TakenConnection } from './upgrade-body.ts'

/** Where a response leads a connection. `Response` has no member for it. */
const takeovers = new WeakMap<Response, { head: string; use: (connection: Duplex) => void }>()

/**
 * Answers a request to change the protocol of its connection. The handler may refuse the change
 * with an ordinary response. `onBody` is called once the whole request was received.
 */
export async function upgrade(
  handler: ApiHandler,
  incoming: IncomingMessage,
  { socket, head, onBody }: TakenConnection & { readonly onBody: () => void },
): Promise<void> {
  socket.on('error', () => socket.destroy())
  const abort = new AbortController()
  socket.once('close', () => abort.abort())
  const received = await readUpgradeBody(incoming, { socket, head })
  onBody()
  if (received === undefined) {
    socket.end('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    return
  }
  const { body, rest } = received
  const protocol = String(incoming.headers.upgrade)
  const response = await handler(requestWith(incoming, abort.signal, body), {
    address: plainAddress(incoming.socket.remoteAddress),
    canFreeBody: false,
    upgrade: {
      protocol,
      accept(headers, use) {
        const accepted = new Response(null)
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        takeovers.set(accepted, { head: lines.join(''), use })
        return accepted
      },
    },
  })
  const taken = takeovers.get(response)
  if (taken === undefined) {
    await refuseUpgrade(response, incoming, socket)
    return
  }
  const phrase = protocol === 'tcp' ? 'UPGRADED' : 'Switching Protocols'
  socket.write(
    `HTTP/1.1 101 ${phrase}\r\n${taken.head}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
  )
  taken.use(withFirstBytes(socket, rest))
}

/**
 * Sends an ordinary response to a request that wanted another protocol, for example a client that
 * offers HTTP/2 with every request. The end of the connection is the end of the body, because the
 * body may be a stream without an end.
 */
async function refuseUpgrade(
  response: Response,
  { method }: IncomingMessage,
  socket: Duplex,
): Promise<void> {
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(
    `HTTP/1.1 ${response.status} ${response.statusText}\r\n${headers}Connection: close\r\n\r\n`,
  )
  if (response.body === null || method === 'HEAD') {
    await response.body?.cancel()
    socket.end()
  } else {
    await sendBody(response.body, socket)
  }
}
