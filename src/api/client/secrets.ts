import { isGrpcError } from '#grpc'
import type { ClientSession } from './client-session.ts'
import { GetSecret } from './messages/secrets.ts'

/** Milliseconds for the answer. */
const patience = 30_000

/** Asks the client for a secret. Returns `undefined` when it does not have it. */
export async function readSecret(
  session: ClientSession,
  id: string,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (!session.serves(GetSecret.path)) return undefined
  try {
    const { data } = await session.client.call(GetSecret, { id }, { signal, timeout: patience })
    return data
  } catch (error) {
    if (isGrpcError(error, 'NOT_FOUND', 'UNIMPLEMENTED')) return undefined
    throw error
  }
}
