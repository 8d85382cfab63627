import type { Engine } from '#engine/engine'
import { type Method, serveGrpc } from '#grpc'
import { createBuildkit } from '../buildkit/methods.ts'
import { Sessions } from '../client/sessions.ts'
import type { LocalConnections } from './connections.ts'
import { controlSession } from './control-session.ts'
import { duplexOf } from './duplex.ts'
import { factsOfHeaders } from './session-facts.ts'

export interface ConnectionOptions {
  readonly onFailure?: ((error: unknown, call: string) => void) | undefined
  /** Counts a build until the returned function is called. A build ends after its connection. */
  readonly begin: () => () => void
}

/** Their state, builds and sessions of clients, ends with the connections. */
export function createConnections(
  engine: Engine,
  { onFailure, begin }: ConnectionOptions,
): LocalConnections {
  const sessions = new Sessions()
  const buildkit = createBuildkit(engine, { sessions, begin })
  const methods: readonly Method[] = [controlSession(sessions), ...buildkit.methods]
  return {
    kind: 'local',
    builds: buildkit.builds,
    serve: (connection) => void serveGrpc(duplexOf(connection), methods, { onFailure }),
    openSession: (connection, headers) =>
      void sessions.open(duplexOf(connection), factsOfHeaders(headers)),
  }
}
