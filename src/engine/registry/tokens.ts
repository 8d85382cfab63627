import { StrakeError } from '#oci'
import { type ApiToken, makeApiToken, revokeApiToken } from '#registry/identity/api-token'
import { checkUserName } from '#registry/identity/htpasswd'
import { listUsers } from '#registry/identity/user-file'
import { robotPrefix } from '#registry/policy/identity'
import { parseLimit } from '#registry/policy/limit'
import { findPlaceTokens, openPlaceTokens } from './parts/tokens.ts'
import { findPlace, type PlaceOptions } from './place.ts'

export interface NewToken {
  /** The user of a personal token; exactly one of the two is given. */
  readonly user?: string | undefined
  /** The robot, which needs no record but its tokens. */
  readonly robot?: string | undefined
  readonly label?: string | undefined
  /** Limits such as `team/**:pull`. */
  readonly scopes?: readonly string[] | undefined
  /** Milliseconds until it ends. */
  readonly lifetime?: number | undefined
}

/** Makes a token, and returns its text, which is recorded nowhere, and the name that logs in with it. */
export async function createRegistryToken(
  place: PlaceOptions,
  { user, robot, label = '', scopes, lifetime }: NewToken,
): Promise<{ readonly id: string; readonly text: string; readonly login: string }> {
  const owner = user ?? robot
  if (owner === undefined || (user !== undefined && robot !== undefined)) {
    throw new StrakeError('INVALID', 'Cannot make a token: it needs one owner', {
      remedy: 'give --user NAME for a personal token, or --robot NAME for a program',
    })
  }
  const found = await findPlace(place)
  const { files, config } = found
  requireOwner(user, config.auth?.ldap === undefined ? await listUsers(files.htpasswd) : undefined)
  const createdAt = Date.now()
  const { token, text } = makeApiToken({
    kind: user === undefined ? 'robot' : 'user',
    owner: checkUserName(owner),
    label,
    scopes: scopes?.map(parseLimit),
    createdAt,
    expiresAt: lifetime === undefined ? undefined : createdAt + lifetime,
  })
  await using tokens = await openPlaceTokens(found)
  await tokens.put(token)
  return { id: token.id, text, login: user ?? `${robotPrefix}${owner}` }
}

function requireOwner(user: string | undefined, users: readonly string[] | undefined): void {
  if (user === undefined || users === undefined || users.includes(user)) return
  throw new StrakeError('NOT_FOUND', `Cannot make a token: there is no user ${user}`, {
    remedy: `add the user with strake registry user add ${user}`,
  })
}

/** Returns the tokens of a registry in the order of creation, without their secrets. */
export async function registryTokens(place: PlaceOptions): Promise<readonly ApiToken[]> {
  await using tokens = await findPlaceTokens(await findPlace(place))
  return tokens === undefined ? [] : await Array.fromAsync(tokens.list())
}

/** Ends a token at once. Throws `NOT_FOUND`. */
export async function revokeRegistryToken(place: PlaceOptions, id: string): Promise<void> {
  await using tokens = await findPlaceTokens(await findPlace(place))
  await revokeApiToken(tokens, id)
}
