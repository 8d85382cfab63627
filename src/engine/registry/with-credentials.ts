import { type Emit, silent } from '#stream'
import type { Engine } from '../engine.ts'
import { version } from '../host/version.ts'

/** What a client of the API knows about a registry. */
export interface GivenCredentials {
  readonly username: string
  readonly password: string
  /** A refresh token, in the place of a name and a password. */
  readonly identityToken?: string | undefined
}

/**
 * Returns an engine that shows each registry the credentials that `find` returns for its host, and
 * no others: a server must not use the passwords of its own user for the requests of another one.
 */
export function withCredentials(
  engine: Engine,
  find: (host: string) => GivenCredentials | undefined | Promise<GivenCredentials | undefined>,
): Engine {
  return {
    ...engine,
    async registry(name: string, emit: Emit = silent) {
      const { connectRegistry } = await import('#registry/client/connect')
      return connectRegistry(name, {
        credentials: async () => {
          const given = await find(name)
          return given === undefined ? undefined : credentialOf(given)
        },
        retry: { onRetry: (message) => emit({ type: 'warning', message }) },
        userAgent: `strake/${version}`,
      })
    },
  }
}

function credentialOf({ username, password, identityToken }: GivenCredentials) {
  return identityToken === undefined
    ? { username, secret: password }
    : { username: '<token>', secret: identityToken, identityToken }
}
