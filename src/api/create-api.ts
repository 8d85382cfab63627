import type { Engine } from '#engine/engine'
import type { Exchange, Handler } from '#http'
import type { ApiHandler, Route } from './call.ts'
import type { Connections } from './connections/connections.ts'
import { ApiError, describeFailure, failureResponse } from './failure.ts'
import { compileRoutes } from './match.ts'
import { readQuery } from './query.ts'
import { routes } from './routes.ts'
import { standardHeaders } from './standard-headers.ts'
import { splitVersion } from './versions.ts'

export interface ApiOptions {
  readonly connections: () => Promise<Connections>
  /** Aborts when the server ends: streams that have no end of their own end then. */
  readonly signal: AbortSignal
  /** Called with every error that is no answer to the client's mistake. */
  readonly onFailure?: ((error: unknown, request: Request) => void) | undefined
  /** Counts work that outlasts its request, until the returned function is called. */
  readonly begin?: (() => () => void) | undefined
}

/**
 * Returns the handler of Docker's Engine API over a store. It holds no state: any number of
 * servers of one store answer alike.
 *
 * @see https://docs.docker.com/reference/api/engine/
 */
export function createApi(engine: Engine, options: ApiOptions): Handler {
  const find = compileRoutes(routes)
  const loaded = new Map<Route, Promise<ApiHandler>>()
  const builds = new Map<string, () => void>()
  const load = (route: Route): Promise<ApiHandler> => {
    const known = loaded.get(route) ?? route.load()
    loaded.set(route, known)
    return known
  }
  const answer = async (request: Request, exchange: Exchange): Promise<Response> => {
    const url = new URL(request.url)
    const { version, path } = splitVersion(url.pathname)
    const found = find(request.method, path)
    if (found === undefined) throw new ApiError(404, 'page not found')
    const handle = await load(found.route)
    return await handle({
      engine,
      request,
      params: found.params,
      query: readQuery(url.searchParams),
      version,
      exchange,
      connections: options.connections,
      builds,
      begin: options.begin ?? (() => () => {}),
      signal: AbortSignal.any([request.signal, options.signal]),
    })
  }
  return async (request, exchange) => {
    try {
      return withHeaders(await answer(request, exchange))
    } catch (error) {
      // A client that has left is no failure of the server, and neither is what it does not offer.
      const { status } = describeFailure(error)
      const isOurs = status >= 500 && status !== 501 && !request.signal.aborted
      if (isOurs) options.onFailure?.(error, request)
      return withHeaders(failureResponse(error))
    }
  }
}

/** The same object is returned, because a response that takes the connection over is known by it. */
function withHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(standardHeaders)) response.headers.set(name, value)
  return response
}
