import type { GivenCredentials } from '#engine/registry/with-credentials'
import { isGrpcError } from '#grpc'
import type { ClientSession } from './client-session.ts'
import { Credentials } from './messages/auth.ts'

/** Milliseconds for the answer: a credential helper of the client may ask its user. */
const patience = 60_000

/**
 * Asks the client for its credentials for a registry. Returns `undefined` when it has none, or does
 * not serve any.
 */
export async function readCredentials(
  session: ClientSession,
  registry: string,
  signal?: AbortSignal,
): Promise<GivenCredentials | undefined> {
  if (!session.serves(Credentials.path)) return undefined
  // Clients know Docker Hub by the name of its server.
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry
  try {
    const request = { host }
    const options = { signal, timeout: patience }
    const { username, secret } = await session.client.call(Credentials, request, options)
    if (secret === '') return undefined
    return username === ''
      ? { username, password: '', identityToken: secret }
      : { username, password: secret, identityToken: undefined }
  } catch (error) {
    if (isGrpcError(error, 'UNIMPLEMENTED')) return undefined
    throw error
  }
}
