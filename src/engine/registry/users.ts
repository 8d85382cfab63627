import { isTokenOf } from '#registry/identity/api-token'
import { addUser, removeUser, setPassword } from '#registry/identity/user-facts'
import { openPlaceAuth } from './parts/auth.ts'
import { findPlace, type PlaceOptions } from './place.ts'

/** Returns the names of the users of a registry. */
export async function registryUsers(place: PlaceOptions): Promise<readonly string[]> {
  await using auth = await openPlaceAuth(await findPlace(place))
  return (await auth.users.list()).map(({ name }) => name)
}

/** Adds a user. Throws `ALREADY_EXISTS`. */
export async function addRegistryUser(
  place: PlaceOptions,
  name: string,
  password: string,
): Promise<void> {
  await using auth = await openPlaceAuth(await findPlace(place))
  await addUser(auth.users, name, password)
}

/** Sets the password of a user. Every client of the user has to log in again. */
export async function setRegistryPassword(
  place: PlaceOptions,
  name: string,
  password: string,
): Promise<void> {
  await using auth = await openPlaceAuth(await findPlace(place))
  await setPassword(auth.users, name, password)
}

/** Removes a user and all tokens of the user. Throws `NOT_FOUND`. */
export async function removeRegistryUser(place: PlaceOptions, name: string): Promise<void> {
  await using auth = await openPlaceAuth(await findPlace(place))
  const { users, tokens } = auth
  await removeUser(users, name)
  for await (const token of tokens?.list() ?? []) {
    if (isTokenOf(token, name)) await tokens?.remove(token.id)
  }
}
