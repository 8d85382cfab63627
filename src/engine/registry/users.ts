import { isTokenOf } from '#registry/identity/api-token'
import { addUser, listUsers, removeUser, setPassword } from '#registry/identity/user-file'
import { findPlaceTokens } from './parts/tokens.ts'
import { findPlace, type PlaceOptions } from './place.ts'

/** Returns the names of the users of a registry. */
export async function registryUsers(place: PlaceOptions): Promise<readonly string[]> {
  const { files } = await findPlace(place)
  return await listUsers(files.htpasswd)
}

/** Adds a user. Throws `ALREADY_EXISTS`. */
export async function addRegistryUser(
  place: PlaceOptions,
  name: string,
  password: string,
): Promise<void> {
  const { files } = await findPlace(place)
  await addUser(files.htpasswd, name, password)
}

/** Sets the password of a user. Every client of the user has to log in again. */
export async function setRegistryPassword(
  place: PlaceOptions,
  name: string,
  password: string,
): Promise<void> {
  const { files } = await findPlace(place)
  await setPassword(files.htpasswd, name, password)
}

/** Removes a user and all tokens of the user. Throws `NOT_FOUND`. */
export async function removeRegistryUser(place: PlaceOptions, name: string): Promise<void> {
  const found = await findPlace(place)
  await removeUser(found.files.htpasswd, name)
  await using tokens = await findPlaceTokens(found)
  for await (const token of tokens?.list() ?? []) {
    if (isTokenOf(token, name)) await tokens?.remove(token.id)
  }
}
