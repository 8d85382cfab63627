import { findTokens, openTokens } from '#registry/access/open-auth'
import type { TokenFacts } from '#registry/identity/api-token'
import type { RegistryPlace } from '../place.ts'
import { databaseUrl } from './replicated.ts'

/** Opens the tokens of a registry to add one: in a file, or in the database of replicas. */
export async function openPlaceTokens(place: RegistryPlace): Promise<TokenFacts> {
  return (await openSharedTokens(place)) ?? openTokens(place.files)
}

/** Opens the tokens of a registry if it has any. */
export async function findPlaceTokens(place: RegistryPlace): Promise<TokenFacts | undefined> {
  return (await openSharedTokens(place)) ?? (await findTokens(place.files))
}

async function openSharedTokens({ config }: RegistryPlace): Promise<TokenFacts | undefined> {
  const { database } = config.storage ?? {}
  if (database === undefined) return undefined
  const { openPostgresFacts } = await import('#facts/postgres/open')
  const url = await databaseUrl(database, process.env)
  const facts = await openPostgresFacts({ url, connections: 1 })
  return { ...facts.tokens, [Symbol.asyncDispose]: () => facts[Symbol.asyncDispose]() }
}
