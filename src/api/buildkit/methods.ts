import type { Engine } from '#engine/engine'
import type { Method } from '#grpc'
import type { Sessions } from '../client/sessions.ts'
import { bridgeMethods } from './bridge.ts'
import { type Builds, createBuilds } from './builds.ts'
import { controlMethods } from './control.ts'
import { noClient } from './inputs/no-client.ts'
import { sessionClient } from './inputs/session-client.ts'
import { Jobs } from './jobs.ts'
import { remoteFileMethods } from './remote-files.ts'
import type { Services } from './services.ts'
import { attachmentMethods } from './store/attachments.ts'
import { historyMethods } from './store/history.ts'
import { usageMethods } from './store/usage.ts'

/** BuildKit over one store, for all clients of a server. */
export interface Buildkit {
  /** The services for connections with calls of gRPC. */
  readonly methods: readonly Method[]
  readonly builds: Builds
}

export function createBuildkit(
  engine: Engine,
  { sessions, begin }: Pick<Services, 'begin'> & { readonly sessions: Sessions },
): Buildkit {
  const services: Services = {
    engine,
    jobs: new Jobs(),
    pending: new Map(),
    remotes: new Map(),
    begin,
    findClient: async (id, signal) =>
      id === '' ? noClient : sessionClient(engine, await sessions.find(id, signal), signal),
  }
  const methods = [
    ...controlMethods(services),
    ...bridgeMethods(services),
    ...remoteFileMethods(services),
    ...usageMethods(engine),
    ...historyMethods(services),
    ...attachmentMethods(engine),
  ]
  return { methods, builds: createBuilds(services) }
}
