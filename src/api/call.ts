import type { Engine } from '#engine/engine'
import type { Exchange } from '#http'
import type { Connections } from './connections/connections.ts'
import type { Query } from './query.ts'

/** One request to an endpoint, after its path and its version were read. */
export interface ApiCall {
  readonly engine: Engine
  readonly request: Request
  /** The values of the names in the path of the route, for example `id`. */
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly version: ApiVersion
  readonly exchange: Exchange
  /** The connections of this server that carry calls. Loads their code. */
  readonly connections: () => Promise<Connections>
  /** Ends builds of this server by the ID that their clients gave them. */
  readonly builds: Map<string, () => void>
  /** Counts work that outlasts the request, until the returned function is called. */
  readonly begin: () => () => void
  /** Aborts when the client has closed the connection or the server ends. */
  readonly signal: AbortSignal
}

/** The minor number of a version `1.N`. */
export type ApiVersion = number

/** Answers a call. Throws `ApiError` or `StrakeError`, which become responses. */
export type ApiHandler = (call: ApiCall) => Promise<Response>

/** An endpoint of the API. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'any'
  /**
   * `/containers/{id}/json`. A name in braces is one segment; `{name...}` is one or more, because
   * names of images contain slashes.
   */
  readonly path: string
  /** One sentence for docs/api.md. */
  readonly about: string
  /** Loads the code of the endpoint when it is called first. */
  readonly load: () => Promise<ApiHandler>
}

export const route = (
  method: Route['method'],
  path: string,
  about: string,
  load: Route['load'],
): Route => ({ method, path, about, load })

/** The handler that a module exports under a name. */
export const from =
  <Module extends Readonly<Record<string, unknown>>>(
    load: () => Promise<Module>,
    name: keyof { [Key in keyof Module as Module[Key] extends ApiHandler ? Key : never]: true },
  ): Route['load'] =>
  async () =>
    (await load())[name] as ApiHandler
