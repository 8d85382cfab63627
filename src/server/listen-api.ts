import { guarded, type Handler, type Refuse } from '#http'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import type { Activity } from '#platform/api-server/activity'
import { inheritedSockets } from '#platform/api-server/inherited-sockets'
import { mostConnections } from '#platform/api-server/most-connections'
import type { TlsKeys } from '#platform/api-server/place'
import { type ApiServer, serveApi } from '#platform/api-server/serve-api'
import { type ApiAddress, formatTcp, isLoopback } from './api-address.ts'
import { namesOf } from './certificate.ts'
import { ownSocket } from './unix-socket.ts'

export interface ListenApiOptions {
  readonly addresses: readonly ApiAddress[]
  /** Counts requests and taken connections. */
  readonly activity: Activity
  /** The numeric ID of the group that may use Unix sockets. Default: that of this user. */
  readonly group?: number | undefined
  /** Without it, only loopback addresses are served, and only if `insecure`. */
  readonly tls?: TlsKeys | undefined
  readonly insecure?: boolean | undefined
  /** Further host names of the server on the network. */
  readonly allowedHosts?: readonly string[] | undefined
  /** The form of a refusal of `guarded`. */
  readonly refuse?: Refuse | undefined
  readonly onHttp2?: Parameters<typeof serveApi>[1]['onHttp2']
}

export interface ListeningApi extends AsyncDisposable {
  /** As clients write them: `unix:///run/strake/docker.sock`. */
  readonly addresses: readonly string[]
  /** Accepts no connections any more. */
  stop(): void
}

/** On the network, a silent client may be gone without a word. */
const patience = { silence: 5 * 60_000 }

/**
 * Serves a handler that may take connections over. A Unix socket is for this user and one group. Throws
 * `INVALID` for an address that everybody could use, `CONFLICT` for one that another process serves,
 * and `UNAVAILABLE`.
 */
export async function listenApi(
  handler: Handler,
  options: ListenApiOptions,
): Promise<ListeningApi> {
  const { activity } = options
  const shared = { activity, mostConnections: mostConnections(), onHttp2: options.onHttp2 }
  const servers = new AsyncDisposableStack()
  const listening: ApiServer[] = []
  const addresses: string[] = []
  const add = (server: ApiServer, address: string): void => {
    listening.push(servers.use(server))
    addresses.push(address)
  }
  const open = async (address: ApiAddress): Promise<void> => {
    if (address.kind === 'unix') {
      const { path } = address
      const socket = await ownSocket(path, options.group ?? process.getgid?.() ?? 0, async () =>
        add(await serveApi(handler, { ...shared, place: { unix: path } }), `unix://${path}`),
      )
      servers.defer(() => socket.remove())
    } else if (address.kind === 'tcp') {
      const { hostname, port } = address
      requireProtection(address, options)
      const place = { hostname, port, tls: options.tls }
      const server = await serveApi(guardedFor(hostname, handler, options), {
        ...shared,
        place,
        patience,
      })
      add(server, formatTcp(hostname, server.port))
    } else {
      for (const descriptor of inheritedSockets()) {
        add(await serveApi(handler, { ...shared, place: { descriptor } }), 'fd://')
      }
    }
  }
  try {
    for (const address of options.addresses) await named(address, open(address))
  } catch (error) {
    await servers[Symbol.asyncDispose]()
    throw error
  }
  return {
    addresses,
    stop: () => {
      for (const server of listening) server.stop()
    },
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  }
}

/** Whoever can send a request is root on this machine. */
function requireProtection(
  { hostname, port }: { readonly hostname: string; readonly port: number },
  { tls, insecure }: ListenApiOptions,
): void {
  if (tls !== undefined || (insecure && isLoopback(hostname))) return
  const reason = insecure
    ? 'other machines could reach it without a certificate'
    : 'everybody who can reach it would be root on this machine'
  const others = isLoopback(hostname) ? ', or say --insecure' : ''
  throw new StrakeError('INVALID', `Cannot listen on ${formatTcp(hostname, port)}: ${reason}`, {
    remedy: `give --tls-cert, --tls-key and --tls-client-ca${others}`,
  })
}

/** A page in a browser must not reach the server under a name of its own. */
function guardedFor(
  hostname: string,
  handler: Handler,
  { tls, allowedHosts = [], refuse }: ListenApiOptions,
): Handler {
  const names = tls === undefined ? [] : namesOf(tls.certificate)
  return guarded(handler, { hostname, allowedHosts: [...names, ...allowedHosts], refuse })
}

async function named(address: ApiAddress, opened: Promise<void>): Promise<void> {
  try {
    await opened
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    const where =
      address.kind === 'unix'
        ? address.path
        : address.kind === 'tcp'
          ? formatTcp(address.hostname, address.port)
          : 'fd://'
    throw new StrakeError('UNAVAILABLE', `Cannot listen on ${where}: ${cause.message}`, { cause })
  }
}
