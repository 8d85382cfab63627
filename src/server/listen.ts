import {
  type AccessEntry,
  createRouter,
  guarded,
  type Handler,
  logged,
  type Mount,
  settlingBodies,
} from '#http'
import { type Server, serve } from '#platform'
import type { ServerKeys } from '#platform/secure/keys'
import { serveSecure } from '#platform/secure/serve-secure'
import { namesOf } from './certificate.ts'
import { behindProxies } from './forwarded.ts'

export interface ListenOptions {
  /** The address or name to listen on. Default: `127.0.0.1`. */
  readonly hostname?: string | undefined
  /** 0 selects any free port. */
  readonly port: number
  /** Further host names of the server, besides its address and the machine's name. */
  readonly allowedHosts?: readonly string[] | undefined
  /** Addresses and networks of reverse proxies, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[] | undefined
  /** Serves over HTTPS. */
  readonly tls?: TlsOptions | undefined
  /** Seconds that a connection may be silent. Default: 255. */
  readonly idleSeconds?: number | undefined
  /** Makes spans of requests. */
  readonly trace?: ((handler: Handler) => Handler) | undefined
  /** Called with every request as its answer begins. */
  readonly onRequest?: ((entry: AccessEntry) => void) | undefined
}

export interface TlsOptions {
  readonly keys: ServerKeys
  /** Gives handlers the certificates of clients. */
  readonly showsClients?: boolean | undefined
  /** Called with a function that replaces the keys. */
  readonly onServing?: ((renew: (keys: ServerKeys) => void) => void) | undefined
}

/**
 * Serves handlers until disposed. No other function opens a server socket, so every
 * server has the checks of `guarded`. Throws `UNAVAILABLE` when the port is in use.
 */
export async function listen(mounts: readonly Mount[], options: ListenOptions): Promise<Server> {
  const { hostname = '127.0.0.1', port, allowedHosts = [], onRequest, tls, trace } = options
  const hosts = [...allowedHosts, ...(tls === undefined ? [] : namesOf(tls.keys.certificate))]
  const checked = settlingBodies(guarded(createRouter(mounts), { hostname, allowedHosts: hosts }))
  const spanned = trace === undefined ? checked : trace(checked)
  const told = onRequest === undefined ? spanned : logged(spanned, onRequest)
  const { idleSeconds, trustedProxies } = options
  const handler = trustedProxies === undefined ? told : behindProxies(told, trustedProxies)
  if (tls === undefined) return serve(handler, { hostname, port, idleSeconds })
  const server = await serveSecure(handler, {
    hostname,
    port,
    keys: tls.keys,
    showsClients: tls.showsClients,
    idleSeconds: idleSeconds ?? 255,
  })
  tls.onServing?.((keys) => server.renew(keys))
  return server
}
