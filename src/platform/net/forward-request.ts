import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { bodyOf, sendBody } from './node-exchange.ts'

/** Headers that are about one connection, not about the request. */
const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

/**
 * Sends a request to a server on a Unix socket, and returns its answer as soon as its head is there.
 * Both bodies travel as fast as their readers take them. `onOver` is called once, when the connection
 * is closed.
 */
export async function forwardRequest(
  request: Request,
  socket: string,
  onOver: () => void,
): Promise<Response> {
  const { request: ask } = process.getBuiltinModule('node:http')
  const { pathname, search } = new URL(request.url)
  const headers: OutgoingHttpHeaders = Object.fromEntries(
    [...request.headers].filter(([name]) => !ofConnection.has(name)),
  )
  const outgoing = ask({
    socketPath: socket,
    method: request.method,
    path: pathname + search,
    headers: { ...headers, host: 'docker' },
    // A kept connection would look like a client.
    agent: false,
  })
  outgoing.once('close', onOver)
  const leave = (): void => void outgoing.destroy()
  request.signal.addEventListener('abort', leave, { once: true })
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.on('error', reject)
    outgoing.once('close', () => reject(new Error('the server has closed the connection')))
  })
  answered.catch(() => {})
  if (request.body === null) outgoing.end()
  else sendBody(request.body, outgoing).catch(leave)
  const incoming = await answered
  const received = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (!ofConnection.has(name) && value !== undefined) received.set(name, String(value))
  }
  return new Response(bodyOf(incoming), { status: incoming.statusCode ?? 500, headers: received })
}
