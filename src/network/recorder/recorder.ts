import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type Socket } from 'node:net'
import {
  createNetworkNamespace,
  netlinkProtocol,
  openNetlink,
  removeNetworkNamespace,
  treeCalls,
} from '#platform'
import { setLinkUp } from '../bridge/link.ts'
import { type Authority, createAuthority } from './authority.ts'

/** A request that a program sends through the proxy. */
export interface ProxiedRequest {
  readonly method: string
  /** Absolute, with the scheme `http` or `https`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The bytes of the request. They can be read once. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Answers a request. What it throws becomes a response with the status 502. */
export type Exchange = (request: ProxiedRequest) => Promise<Response>

export interface RecorderOptions {
  /** A directory that only this process writes. The namespace and sockets are in it. */
  readonly directory: string
  readonly exchange: Exchange
}

/** A network whose only server is a proxy. Disposing it closes every connection. */
export interface Recorder extends AsyncDisposable {
  readonly namespace: string
  /** `NAME=value`: the variables by which programs find the proxy. */
  readonly env: readonly string[]
  /** The certificate of the authority that signs for all hosts, as PEM. */
  readonly cert: string
}

/** The file of the network namespace in the directory of a recorder. */
export const recorderNamespace = 'netns'

/**
 * Makes a network namespace in which only loopback exists, and a proxy for HTTP and HTTPS that
 * listens there. It ends TLS, so that `exchange` sees every request. There is no other way out.
 */
export async function openRecorder({ directory, exchange }: RecorderOptions): Promise<Recorder> {
  await using stack = new AsyncDisposableStack()
  const namespace = `${directory}/${recorderNamespace}`
  const sockets = new Set<Socket>()
  const authority = createAuthority()
  const place = treeCalls.openRoot(directory)
  stack.defer(() => treeCalls.closeDescriptor(place))
  const tunnels = new Tunnels(authority, `/proc/self/fd/${place}`, exchange)
  stack.defer(() => tunnels.close())
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createHttpServer((request, response) => {
    void answer(request, response, { exchange, url: request.url ?? '' })
  })
  server.on('connection', keep)
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    keep(socket)
    socket.on('error', () => socket.destroy())
    void tunnels.open(request.url ?? '', socket, head, keep)
  })
  stack.defer(() => removeNetworkNamespace(namespace))
  const listening = new Promise<void>((resolve, reject) => {
    server.once('listening', resolve)
    server.once('error', reject)
  })
  createNetworkNamespace(namespace, () => {
    using netlink = openNetlink(netlinkProtocol.route)
    setLinkUp(netlink, 'lo')
    // The socket belongs to the namespace that the thread is in during this call.
    server.listen(0, '127.0.0.1')
  })
  stack.defer(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await listening
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const taken = stack.move()
  return {
    namespace,
    cert: authority.cert,
    env: proxyVariables(`http://127.0.0.1:${port}`),
    [Symbol.asyncDispose]: () => taken.disposeAsync(),
  }
}

function proxyVariables(url: string): readonly string[] {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']
  return [
    ...names.flatMap((name) => [`${name}=${url}`, `${name.toLowerCase()}=${url}`]),
    'NO_PROXY=127.0.0.1,localhost,::1',
    'no_proxy=127.0.0.1,localhost,::1',
  ]
}

/** The most servers of one command. Each has a descriptor, of which a process may have few. */
const mostServers = 512

/** The servers that end TLS, one for each host, on sockets that only this process can reach. */
class Tunnels {
  readonly #authority: Authority
  readonly #directory: string
  readonly #exchange: Exchange
  readonly #servers = new Map<string, Promise<{ readonly path: string; readonly server: Server }>>()

  constructor(authority: Authority, directory: string, exchange: Exchange) {
    this.#authority = authority
    this.#directory = directory
    this.#exchange = exchange
  }

  /** Connects a client that asked for `host:port` with the server for it. */
  async open(
    target: string,
    client: Socket,
    head: Buffer,
    keep: (socket: Socket) => void,
  ): Promise<void> {
    try {
      const { path } = await this.#serverFor(target)
      const inner = connect(path)
      keep(inner)
      inner.on('error', () => client.destroy())
      client.on('close', () => inner.destroy())
      inner.on('close', () => client.destroy())
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      if (head.length > 0) inner.write(head)
      client.pipe(inner).pipe(client)
    } catch {
      client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    }
  }

  #serverFor(target: string): Promise<{ readonly path: string; readonly server: Server }> {
    const known = this.#servers.get(target)
    if (known !== undefined) return known
    if (this.#servers.size >= mostServers) throw new RangeError(`More than ${mostServers} servers`)
    const started = this.#start(target, this.#servers.size)
    this.#servers.set(target, started)
    return started
  }

  async #start(target: string, number: number): Promise<{ path: string; server: Server }> {
    const { hostname, host } = new URL(`https://${target}`)
    const identity = this.#authority.issue(hostname.replace(/^\[(.*)\]$/, '$1'))
    const server = createTlsServer(
      { ...identity, ALPNProtocols: ['http/1.1'] },
      (request, response) => {
        const url = `https://${host}${request.url}`
        void answer(request, response, { exchange: this.#exchange, url })
      },
    )
    const path = `${this.#directory}/tls.${number}`
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    return { path, server }
  }

  async close(): Promise<void> {
    for (const each of this.#servers.values()) {
      const found = await each.catch(() => undefined)
      found?.server.close()
      found?.server.closeAllConnections()
    }
  }
}

/** Headers that are about one connection. @see https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { exchange, url }: { readonly exchange: Exchange; readonly url: string },
): Promise<void> {
  try {
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      response.writeHead(400).end('The proxy takes absolute URLs of HTTP\n')
      return
    }
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined || connectionHeaders.has(name) || name === 'host'
        ? []
        : [[name, String(value)]],
    )
    const found = await exchange({
      method: request.method ?? 'GET',
      url,
      headers: Object.fromEntries(headers),
      body: request,
    })
    const kept = [...found.headers].filter(([name]) => !connectionHeaders.has(name))
    response.writeHead(found.status, Object.fromEntries(kept))
    for await (const chunk of found.body ?? []) {
      if (!response.write(chunk)) await drained(response)
    }
    response.end()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    // After the first byte only a broken connection says that the rest is missing.
    if (response.headersSent) response.destroy()
    else response.writeHead(502, { 'Content-Type': 'text/plain' }).end(`${reason}\n`)
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('drain', resolve)
    response.once('close', () => reject(new Error('The program closed the connection')))
  })
}
