import { StrakeError } from '#oci'
import { type ApiToken, makeApiToken } from '../identity/api-token.ts'
import { checkUserName } from '../identity/htpasswd.ts'
import { loginName } from '../policy/identity.ts'
import { parseLimit } from '../policy/limit.ts'
import type { MadeToken, NewToken } from './admin.ts'

/** Characters of the scopes of a token. Access tokens carry them, and must fit into a header. */
const mostScopes = 2000

/**
 * Makes a token of a user or a robot, which is not recorded yet, and what its owner is told. Throws
 * `INVALID` for a name or a scope that cannot be.
 */
export function makeToken(
  { kind, owner, label, scopes, lifetime }: NewToken,
  createdAt: number,
): { readonly token: ApiToken; readonly made: MadeToken } {
  const name = checkUserName(owner)
  if ((scopes ?? []).join().length > mostScopes) {
    throw new StrakeError(
      'INVALID',
      `Cannot make a token: its scopes have more than ${mostScopes} characters`,
      {
        remedy: 'write patterns, such as team/**:pull,push, or make several tokens',
      },
    )
  }
  const { token, text } = makeApiToken({
    kind,
    owner: name,
    label,
    scopes: scopes?.map(parseLimit),
    createdAt,
    expiresAt: lifetime === undefined ? undefined : createdAt + lifetime,
  })
  return { token, made: { id: token.id, text, login: loginName({ kind, name }) } }
}
