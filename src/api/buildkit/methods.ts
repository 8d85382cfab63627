import type { Engine } from '#engine/engine'
import type { Method } from '#grpc'
import type { Sessions } from '../client/sessions.ts'
import { bridgeMethods } from './bridge.ts'
import { controlMethods } from './control.ts'
import { sessionClient } from './inputs/session-client.ts'
import { Jobs } from './jobs.ts'
import type { Services } from './services.ts'
import { attachmentMethods } from './store/attachments.ts'
import { historyMethods } from './store/history.ts'
import { usageMethods } from './store/usage.ts'

/** The services of BuildKit over one store, for every connection of a server. */
export function buildkitMethods(engine: Engine, sessions: Sessions): readonly Method[] {
  const services: Services = {
    engine,
    jobs: new Jobs(),
    pending: new Map(),
    findClient: async (id, signal) =>
      sessionClient(engine, await sessions.find(id, signal), signal),
  }
  return [
    ...controlMethods(services),
    ...bridgeMethods(services),
    ...usageMethods(engine),
    ...historyMethods(services),
    ...attachmentMethods(engine),
  ]
}
