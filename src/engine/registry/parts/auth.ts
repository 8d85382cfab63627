import { findTokens, openTokens, type SharedAuth, sharedAuth } from '#registry/access/open-auth'
import type { TokenFacts } from '#registry/identity/api-token'
import type { UserFacts } from '#registry/identity/user-facts'
import { openUserFile } from '#registry/identity/user-file'
import type { RegistryPlace } from '../place.ts'
import { databaseUrl } from './replicated.ts'

/** The users and tokens of a registry: in files, or in the database of replicas. */
export interface PlaceAuth extends AsyncDisposable {
  readonly users: UserFacts
  /** Absent for a registry whose tokens are in a file, and which has none. */
  readonly tokens: TokenFacts | undefined
  /** What its servers share. */
  readonly shared: SharedAuth
  /** Returns the tokens, to add one. */
  openTokens(): TokenFacts
}

export async function openPlaceAuth({ config, files }: RegistryPlace): Promise<PlaceAuth> {
  const opened = new AsyncDisposableStack()
  const dispose = () => opened.disposeAsync()
  const { database } = config.storage ?? {}
  if (database === undefined) {
    const tokens = opened.use(await findTokens(files))
    return {
      users: openUserFile(files.htpasswd),
      tokens,
      shared: {},
      openTokens: () => tokens ?? opened.use(openTokens(files)),
      [Symbol.asyncDispose]: dispose,
    }
  }
  const { openPostgresFacts } = await import('#facts/postgres/open')
  const url = await databaseUrl(database, process.env)
  const facts = opened.use(await openPostgresFacts({ url, connections: 1 }))
  const shared = await sharedAuth(config, files, facts)
  return {
    users: shared.users ?? openUserFile(files.htpasswd),
    tokens: facts.tokens,
    shared,
    openTokens: () => facts.tokens,
    [Symbol.asyncDispose]: dispose,
  }
}
