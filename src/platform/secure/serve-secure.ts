import { ipVersion } from '../net/ip-version.ts'
import { plainAddress } from '../net/node-exchange.ts'
import { probePort } from '../net/port.ts'
import {
  answerFailure,
  describeServer,
  graceMilliseconds,
  type Handler,
  listenError,
  type Server,
  wait,
} from '../serve.ts'
import type { ServerKeys, TlsSettings } from './keys.ts'
import { openRenewableServer } from './renewable-server.ts'
import { openTlsFront, type TlsFront } from './tls-front.ts'

export interface ServeSecureOptions {
  readonly hostname: string
  readonly port: number
  readonly keys: ServerKeys
  /** Gives handlers the certificates of clients. Bytes then pass through this process twice. */
  readonly showsClients?: boolean | undefined
  /** Seconds that a connection may stay silent. */
  readonly idleSeconds: number
}

/** A server with TLS. */
export interface SecureServer extends Server {
  /** Uses other keys for new connections, and leaves the present ones alone. */
  renew(keys: ServerKeys): void
}

/** Serves `handler` over HTTPS. Throws `UNAVAILABLE` when it cannot listen on the address. */
export async function serveSecure(
  handler: Handler,
  options: ServeSecureOptions,
): Promise<SecureServer> {
  const { hostname, port } = options
  try {
    // The sockets of a renewable server share their port, also with servers of other processes.
    if (port !== 0 && ipVersion(hostname) !== 0) probePort('tcp', hostname, port)
    return options.showsClients === true
      ? await serveBehindFront(handler, options)
      : serveDirectly(handler, options)
  } catch (cause) {
    throw listenError({ hostname, port }, cause)
  }
}

function serveDirectly(handler: Handler, options: ServeSecureOptions): SecureServer {
  const { hostname, keys, idleSeconds } = options
  const listen = (port: number, tls: TlsSettings): Bun.Server<undefined> =>
    Bun.serve({
      ...common,
      hostname,
      port,
      tls,
      reusePort: true,
      idleTimeout: idleSeconds,
      fetch: (request, server) =>
        URL.canParse(request.url)
          ? handler(request, {
              canFreeBody: true,
              get address() {
                return plainAddress(server.requestIP(request)?.address)
              },
            })
          : new Response(null, { status: 400 }),
    })
  const server = openRenewableServer(listen, options.port, keys)
  const stop = async (): Promise<void> => {
    await Promise.race([server.stop(false), wait(graceMilliseconds)])
    await server.stop(true)
  }
  const described = describeServer({ hostname, isSecure: true }, server.port, stop)
  return { ...described, renew: (next) => server.renew(next) }
}

async function serveBehindFront(
  handler: Handler,
  options: ServeSecureOptions,
): Promise<SecureServer> {
  const { hostname, port, keys, idleSeconds } = options
  let front: TlsFront | undefined
  const server = Bun.serve({
    ...common,
    hostname: '127.0.0.1',
    port: 0,
    reusePort: false,
    idleTimeout: idleSeconds,
    fetch: (request, from) => {
      // Any user of this machine can reach the inner server, and only the front may.
      const peer = front?.peerOf(from.requestIP(request)?.port ?? 0)
      if (peer === undefined || !URL.canParse(request.url))
        return new Response(null, { status: 403 })
      const address = plainAddress(peer.address)
      const url = request.url.replace(/^http:/, 'https:')
      const { certificate } = peer
      return handler(new Request(url, request), { canFreeBody: true, address, certificate })
    },
  })
  front = await openTlsFront({ hostname, port, keys, inner: server.port ?? 0 })
  const opened = front
  const stop = async (): Promise<void> => {
    opened.stop(false)
    await Promise.race([server.stop(false), wait(graceMilliseconds)])
    opened.stop(true)
    await server.stop(true)
  }
  const described = describeServer({ hostname, isSecure: true }, opened.port, stop)
  return { ...described, renew: (next) => opened.renew(next) }
}

const common = {
  error: answerFailure,
  development: false,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
}
