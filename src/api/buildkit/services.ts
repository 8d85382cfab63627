import type { Engine } from '#engine/engine'
import type { BuildClient } from './inputs/build-client.ts'
import type { Jobs } from './jobs.ts'
import type { PendingBuild } from './pending-build.ts'
import type { RemoteContext } from './remote-context.ts'

/** What the services of BuildKit share. The state of builds lasts as long as their clients. */
export interface Services {
  readonly engine: Engine
  readonly jobs: Jobs
  /** The builds that clients may refer to, by ID. */
  readonly pending: Map<string, PendingBuild>
  /** Contexts of other machines whose files clients look at, by ID. */
  readonly remotes: Map<string, RemoteContext>
  /** Counts a build until the returned function is called. */
  readonly begin: () => () => void
  /** Waits for the session of a client. Throws `GrpcError`. */
  readonly findClient: (session: string, signal: AbortSignal) => Promise<BuildClient>
}
