import { createServer, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { plainAddress, sendResponse, toRequest } from '../net/node-exchange.ts'
import { type Activity, createActivity } from './activity.ts'
import { route } from './connection.ts'
import type { ApiHandler } from './handler.ts'
import { type Patience, watchConnections } from './patience.ts'
import { listenAt, type Place } from './place.ts'
import { upgrade } from './upgrade.ts'

export interface ServeApiOptions {
  readonly place: Place
  /** Counts requests and taken connections, also those of other servers of the same program. */
  readonly activity?: Activity | undefined
  readonly patience?: Partial<Patience> | undefined
  /** The most connections; further ones are closed at once. */
  readonly mostConnections?: number | undefined
  /** Called with every connection that begins with the preface of HTTP/2. */
  readonly onHttp2?: ((connection: Duplex) => void) | undefined
}

export interface ApiServer extends AsyncDisposable {
  /** 0 for a Unix socket. */
  readonly port: number
  /** Accepts no connections any more. Open connections stay. */
  stop(): void
}

/** The largest head of a request, in bytes. A request with a body has no limit here. */
const largestHead = 64 * 1024

const usualPatience = { head: 60_000, silence: Number.POSITIVE_INFINITY }

/** Serves a handler that may take connections over. Every other server uses `serve`. */
export async function serveApi(handler: ApiHandler, options: ServeApiOptions): Promise<ApiServer> {
  const { place, activity = createActivity(), onHttp2 } = options
  const watch = watchConnections({ ...usualPatience, ...options.patience })
  const http = createServer(
    { headersTimeout: 0, requestTimeout: 0, maxHeaderSize: largestHead, keepAliveTimeout: 0 },
    (incoming, outgoing) => {
      const { socket } = incoming
      watch.busy(socket)
      const finish = activity.begin()
      outgoing.once('close', () => {
        finish()
        watch.free(socket)
      })
      const abort = abortedBy(outgoing)
      const peer = { address: plainAddress(socket.remoteAddress), canFreeBody: false } as const
      const respond = async (): Promise<void> =>
        await sendResponse(await handler(toRequest(incoming, abort), peer), incoming, outgoing)
      respond().catch(() => outgoing.destroy())
    },
  )
  http.on('upgrade', (incoming, socket, head) => {
    const finish = activity.begin()
    socket.once('close', finish)
    const onBody = (): void => watch.busy(incoming.socket)
    upgrade(handler, incoming, { socket, head, onBody }).catch(() => socket.destroy())
  })
  const accept = (socket: Socket): void => {
    watch.add(socket)
    // A client that closes early is no failure of the server.
    socket.on('error', () => socket.destroy())
    route(
      socket,
      http,
      onHttp2 &&
        ((connection) => {
          watch.busy(socket)
          socket.once('close', activity.begin())
          onHttp2(connection)
        }),
    )
  }
  const listener = await listenAt(place, accept)
  if (options.mostConnections !== undefined) listener.maxConnections = options.mostConnections
  const address = listener.address()
  let closed: Promise<void> | undefined
  const stop = (): void => {
    closed ??= new Promise((resolve) => listener.close(() => resolve()))
  }
  return {
    port: typeof address === 'object' && address !== null ? (address.port ?? 0) : 0,
    stop,
    async [Symbol.asyncDispose]() {
      stop()
      watch[Symbol.dispose]()
      watch.destroyAll()
      await closed
    },
  }
}

function abortedBy(outgoing: ServerResponse): AbortSignal {
  const abort = new AbortController()
  outgoing.once('close', () => abort.abort())
  return abort.signal
}
