import { tokenPath } from '../token/endpoint.ts'

/** Makes a `WWW-Authenticate` header, which tells a client how to log in. */
export type Challenge = (
  request: Request,
  scopes: readonly string[],
  error?: 'invalid_token' | 'insufficient_scope',
) => string

/** Asks for a password with every request. */
export const basicChallenge: Challenge = () => 'Basic realm="strake", charset="UTF-8"'

/**
 * Sends clients to the token service. `url` is the address by which clients reach this server;
 * without it, the one by which the request came, which the client itself has chosen.
 */
export function bearerChallenge(service: string, url: string | undefined): Challenge {
  return (request, scopes, error) => {
    const origin = url ?? new URL(request.url).origin
    const realm = `${origin.replace(/\/+$/, '')}${tokenPath}`
    const scope = scopes.length === 0 ? '' : `,scope="${scopes.join(' ')}"`
    const reason = error === undefined ? '' : `,error="${error}"`
    return `Bearer realm="${realm}",service="${service}"${scope}${reason}`
  }
}
