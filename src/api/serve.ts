import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { reapAbandoned } from '#container'
import type { Engine } from '#engine/engine'
import { StrakeError } from '#oci'
import type { ApiServer } from '#platform/net/serve-api'
import { listenApi } from '#server/listen-api'
import { createApi } from './create-api.ts'

export interface ServeOptions {
  /** The path of the socket. Default: `docker.sock` in `$STRAKE_RUN`. */
  readonly socket?: string | undefined
  /** Aborts when the server has to end. */
  readonly signal: AbortSignal
  readonly onFailure?: ((error: unknown, request: Request) => void) | undefined
}

/** A server of the Engine API. */
export interface ServedApi extends ApiServer {
  /** `unix:///run/strake/docker.sock` */
  readonly address: string
}

/** Serves the Engine API on a Unix socket, for root and the group `docker` where it exists. */
export async function serveEngine(engine: Engine, options: ServeOptions): Promise<ServedApi> {
  const { socket = join(engine.run, 'docker.sock'), signal, onFailure } = options
  const handler = createApi(engine, { signal, onFailure })
  reapAbandoned(signal)
  const server = await listenApi(handler, { socket, group: dockerGroup() })
  return { ...server, address: `unix://${socket}` }
}

/** Reads the value of `--host`. Throws `INVALID`. */
export function parseApiAddress(text: string): { readonly socket: string } {
  const [, socket] = /^unix:\/\/(\/.+)$/.exec(text) ?? []
  if (socket !== undefined) return { socket }
  throw new StrakeError('INVALID', `Cannot listen on ${text}: expected unix:///PATH`)
}

/** The ID of the group `docker`, whose members may use the socket, as they may use Docker's. */
function dockerGroup(): number | undefined {
  try {
    const [, id] = /^docker:[^:]*:(\d+):/m.exec(readFileSync('/etc/group', 'utf8')) ?? []
    return id === undefined ? undefined : Number(id)
  } catch {
    return undefined
  }
}
