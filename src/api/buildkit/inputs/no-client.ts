import { GrpcError } from '#grpc'
import type { BuildClient } from './build-client.ts'

const refuseNow = (): never => {
  throw new GrpcError('FAILED_PRECONDITION', 'Cannot build: the client has no session')
}
const refuse = async (): Promise<never> => refuseNow()

/** The client of a build without a session. It has no secrets, and takes no results. */
export const noClient: BuildClient = {
  keep: refuse,
  receive: refuse,
  secret: async () => undefined,
  openAgent: async () => undefined,
  credentials: async () => undefined,
  // biome-ignore lint/correctness/useYield: it has nothing to yield.
  upload: async function* () {
    await refuse()
  },
  sendArchive: refuse,
  sendDirectory: refuse,
  layout: refuseNow,
  caches: () => ({ read: refuseNow, write: refuseNow }),
  exports: { write: refuse },
}
