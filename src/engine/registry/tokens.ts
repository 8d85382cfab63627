import { StrakeError } from '#oci'
import type { MadeToken } from '#registry/admin/admin'
import { makeToken } from '#registry/admin/make-token'
import { type ApiToken, revokeApiToken } from '#registry/identity/api-token'
import { openPlaceAuth } from './parts/auth.ts'
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
): Promise<MadeToken> {
  const owner = user ?? robot
  if (owner === undefined || (user !== undefined && robot !== undefined)) {
    throw new StrakeError('INVALID', 'Cannot make a token: it needs one owner', {
      remedy: 'give --user NAME for a personal token, or --robot NAME for a program',
    })
  }
  const found = await findPlace(place)
  await using auth = await openPlaceAuth(found)
  const isOther = found.config.auth?.ldap !== undefined
  requireOwner(user, isOther ? undefined : (await auth.users.list()).map((each) => each.name))
  const kind = user === undefined ? 'robot' : 'user'
  const { token, made } = makeToken({ kind, owner, label, scopes, lifetime }, Date.now())
  await auth.openTokens().put(token)
  return made
}

function requireOwner(user: string | undefined, users: readonly string[] | undefined): void {
  if (user === undefined || users === undefined || users.includes(user)) return
  throw new StrakeError('NOT_FOUND', `Cannot make a token: there is no user ${user}`, {
    remedy: `add the user with strake registry user add ${user}`,
  })
}

/** Returns the tokens of a registry in the order of creation, without their secrets. */
export async function registryTokens(place: PlaceOptions): Promise<readonly ApiToken[]> {
  await using auth = await openPlaceAuth(await findPlace(place))
  return await Array.fromAsync(auth.tokens?.list() ?? [])
}

/** Ends a token at once. Throws `NOT_FOUND`. */
export async function revokeRegistryToken(place: PlaceOptions, id: string): Promise<void> {
  await using auth = await openPlaceAuth(await findPlace(place))
  await revokeApiToken(auth.tokens, id)
}
