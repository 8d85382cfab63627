import { type ApiToken, makeApiToken } from '../identity/api-token.ts'
import { checkUserName } from '../identity/htpasswd.ts'
import { loginName } from '../policy/identity.ts'
import { parseLimit } from '../policy/limit.ts'
import type { MadeToken, NewToken } from './admin.ts'

/**
 * Makes a token of a user or a robot, which is not recorded yet, and what its owner is told. Throws
 * `INVALID` for a name or a scope that cannot be.
 */
export function makeToken(
  { kind, owner, label, scopes, lifetime }: NewToken,
  createdAt: number,
): { readonly token: ApiToken; readonly made: MadeToken } {
  const name = checkUserName(owner)
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
