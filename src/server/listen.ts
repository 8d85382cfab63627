import { type AccessEntry, createRouter, guarded, logged, type Mount, settlingBodies } from '#http'
import { type Server, serve } from '#platform'

export interface ListenOptions {
  /** The address or name to listen on. Default: `127.0.0.1`. */
  readonly hostname?: string | undefined
  /** 0 selects any free port. */
  readonly port: number
  /** Further host names of the server, besides its address and the machine's name. */
  readonly allowedHosts?: readonly string[] | undefined
  /** Called with every request as its answer begins. */
  readonly onRequest?: ((entry: AccessEntry) => void) | undefined
}

/**
 * Serves handlers until disposed. No other function opens a server socket, so every
 * server has the checks of `guarded`. Throws `UNAVAILABLE` when the port is in use.
 */
export async function listen(mounts: readonly Mount[], options: ListenOptions): Promise<Server> {
  const { hostname = '127.0.0.1', port, allowedHosts, onRequest } = options
  const handler = settlingBodies(guarded(createRouter(mounts), { hostname, allowedHosts }))
  return serve(onRequest === undefined ? handler : logged(handler, onRequest), { hostname, port })
}
