import { Duplex } from 'node:stream'
import type { Engine } from '#engine/engine'
import { type Method, serveGrpc } from '#grpc'
import type { Builds } from '../buildkit/builds.ts'
import { createBuildkit } from '../buildkit/methods.ts'
import type { SessionFacts } from '../client/client-session.ts'
import { Sessions } from '../client/sessions.ts'
import { controlSession } from './control-session.ts'

export interface ConnectionOptions {
  readonly onFailure?: ((error: unknown, call: string) => void) | undefined
}

/** The connections of one server that carry calls of gRPC instead of requests. */
export interface Connections {
  /** Answers the calls of a client. */
  serve(connection: object): void
  /** Lets builds call the services of a client. Throws `GrpcError`. */
  openSession(connection: object, facts: SessionFacts): void
  /** Builds for requests of HTTP, with the sessions of the same clients. */
  readonly builds: Builds
}

/** Their state, builds and sessions of clients, ends with the connections. */
export function createConnections(engine: Engine, { onFailure }: ConnectionOptions): Connections {
  const sessions = new Sessions()
  const buildkit = createBuildkit(engine, sessions)
  const methods: readonly Method[] = [controlSession(sessions), ...buildkit.methods]
  return {
    builds: buildkit.builds,
    serve: (connection) => void serveGrpc(duplexOf(connection), methods, { onFailure }),
    openSession: (connection, facts) => void sessions.open(duplexOf(connection), facts),
  }
}

/** Handlers of HTTP do not name the streams of Node, but all connections of this server are such. */
function duplexOf(connection: object): Duplex {
  if (connection instanceof Duplex) return connection
  throw new TypeError('The connection is not a stream of Node')
}
