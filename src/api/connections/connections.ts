import type { Builds } from '../buildkit/builds.ts'

/** The connections of one server that carry calls of gRPC instead of requests. */
export type Connections = LocalConnections | RelayedConnections

interface Taking {
  /** Answers the calls of a client. */
  serve(connection: object): void
  /** Lets builds call the services of a client. `headers` are those of the request. */
  openSession(connection: object, headers: Headers): void
}

/** This process builds. */
export interface LocalConnections extends Taking {
  readonly kind: 'local'
  /** Builds for requests of HTTP, with the sessions of the same clients. */
  readonly builds: Builds
}

/** Another process builds. */
export interface RelayedConnections extends Taking {
  readonly kind: 'relayed'
  /** Sends a request to the other process and returns its answer. */
  forward(request: Request): Promise<Response>
}
