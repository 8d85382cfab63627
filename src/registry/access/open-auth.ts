import { access as canReach } from 'node:fs/promises'
import type { Exchange } from '#http'
import type { RegistryConfig } from '../config/config.ts'
import type { TokenFacts } from '../identity/api-token.ts'
import { Authenticator } from '../identity/authenticator.ts'
import { identifyCertificates } from '../identity/certificate.ts'
import type { UserDirectory } from '../identity/directory.ts'
import { openLdapDirectory } from '../identity/foreign/ldap.ts'
import { createOidcIssuer } from '../identity/foreign/oidc.ts'
import { type FailureFacts, LoginGuard } from '../identity/login-guard.ts'
import { createStoredTokens } from '../identity/stored-tokens.ts'
import { createUserDirectory, type UserFacts } from '../identity/user-facts.ts'
import { openUserFile } from '../identity/user-file.ts'
import { knowsAnonymous } from '../policy/decide.ts'
import type { Identity } from '../policy/identity.ts'
import { defaultRules, type Policy } from '../policy/rule.ts'
import type { FetchHandler } from '../registry.ts'
import type { Access } from '../server/access.ts'
import { createPageAuth, type PageAuth } from '../session/page-auth.ts'
import { AccessTokens } from '../token/access-token.ts'
import { createTokenEndpoint } from '../token/endpoint.ts'
import { openSigningKey } from '../token/signing-key.ts'
import {
  createRotatedKeys,
  fixedKey,
  type KeyFacts,
  type RotatedKeysOptions,
  type SigningKeys,
} from '../token/signing-keys.ts'
import { basicChallenge, bearerChallenge } from './challenge.ts'
import { createAccess } from './create-access.ts'
import { RateLimit } from './rate-limit.ts'

/** The files of users, tokens and keys. */
export interface AuthFiles {
  readonly htpasswd: string
  readonly tokens: string
  readonly key: string
}

/** Who may do what at a served registry. Disposal closes its files. */
export interface RegistryAuth extends AsyncDisposable {
  readonly access: Access
  readonly pages: PageAuth
  /** The token service, below `tokenPath`; absent when clients send passwords. */
  readonly tokenEndpoint: FetchHandler | undefined
  readonly tokens: TokenFacts
  readonly users: UserFacts
}

/** What replicas share of their senders. What is absent is in files, or in the memory of one server. */
export interface SharedAuth {
  readonly users?: UserFacts | undefined
  readonly tokens?: TokenFacts | undefined
  readonly keys?: KeyFacts | undefined
  readonly failures?: FailureFacts | undefined
}

export interface OpenAuthOptions {
  readonly files: AuthFiles
  readonly shared?: SharedAuth | undefined
  readonly now?: (() => number) | undefined
  readonly onLogin?: ((exchange: Exchange, identity: Identity | undefined) => void) | undefined
}

const hour = 3_600_000
const day = 24 * hour

/** Returns the files of a registry whose own directory for them is `directory`. */
export function authFiles({ auth = {} }: RegistryConfig, directory: string): AuthFiles {
  const own = auth.directory ?? directory
  return {
    htpasswd: auth.htpasswd ?? `${own}/htpasswd`,
    tokens: `${own}/tokens.db`,
    key: auth.tokens?.key ?? `${own}/signing-key.json`,
  }
}

/**
 * Returns what a registry shares with its replicas. Users and the signing key are in files if the
 * configuration names these, or if they are there: replicas of earlier versions know only files.
 */
export async function sharedAuth(
  { auth = {} }: RegistryConfig,
  files: AuthFiles,
  shared: SharedAuth = {},
): Promise<SharedAuth> {
  const isIn = async (named: string | undefined, path: string): Promise<boolean> =>
    (auth.directory ?? named) !== undefined || (await exists(path))
  return {
    ...shared,
    users: (await isIn(auth.htpasswd, files.htpasswd)) ? undefined : shared.users,
    keys: (await isIn(auth.tokens?.key, files.key)) ? undefined : shared.keys,
  }
}

/** Returns the rules of a registry that has users. */
export function policyOf({ access = {} }: RegistryConfig): Policy {
  return { rules: access.rules ?? defaultRules, groups: access.groups ?? {} }
}

/** Returns true if a registry has users or rules. Without them, it serves every sender. */
export async function hasAuth(
  config: RegistryConfig,
  files: AuthFiles,
  shared: SharedAuth = {},
): Promise<boolean> {
  if (config.auth !== undefined || config.access !== undefined) return true
  const { users, tokens } = shared
  const isKnown = users === undefined ? exists(files.htpasswd) : hasUsers(users)
  return (await isKnown) || (await hasTokens(files, tokens))
}

async function hasUsers(users: UserFacts): Promise<boolean> {
  return (await users.list()).length > 0
}

/** Tokens of one registry are in a file, which is there since the first; those of replicas are shared. */
async function hasTokens(files: AuthFiles, tokens: TokenFacts | undefined): Promise<boolean> {
  if (tokens === undefined) return await exists(files.tokens)
  for await (const _ of tokens.list()) return true
  return false
}

/** Returns true if somebody can use a registry that has users or rules. */
export async function isUsable(
  config: RegistryConfig,
  files: AuthFiles,
  shared: SharedAuth = {},
): Promise<boolean> {
  const { ldap, oidc, mtls } = config.auth ?? {}
  if (ldap !== undefined || mtls !== undefined || (oidc?.length ?? 0) > 0) return true
  if (knowsAnonymous(policyOf(config)) || (await hasTokens(files, shared.tokens))) return true
  return await hasUsers(shared.users ?? openUserFile(files.htpasswd))
}

/** Opens everything that decides about senders, and proves that it can be read. */
export async function openAuth(
  config: RegistryConfig,
  options: OpenAuthOptions,
): Promise<RegistryAuth> {
  const { files, shared = {}, now = Date.now, onLogin } = options
  const { auth = {}, limits = {}, listen } = config
  const users = shared.users ?? openUserFile(files.htpasswd, now)
  await users.list()
  const tokens = shared.tokens ?? createStoredTokens(files.tokens, now)
  const policy = policyOf(config)
  const authenticator = new Authenticator({
    directories: await openDirectories(config, users, now),
    tokens,
    issuers: (auth.oidc ?? []).map((issuer) => createOidcIssuer(issuer, { now })),
    guard: new LoginGuard(now, shared.failures),
    now,
  })
  const service = auth.tokens?.service ?? 'strake'
  const lifetime = auth.tokens?.lifetime ?? 5 * 60_000
  const accessTokens = new AccessTokens({
    keys: await openKeys(shared.keys, files, { now, lifetime }),
    service,
    lifetime,
    now,
  })
  const { requestsPerSecond: rate, burst } = limits
  const usesTokens = auth.tokens?.challenge !== 'basic'
  const accessParts = {
    authenticator,
    accessTokens,
    policy,
    challenge: usesTokens ? bearerChallenge(service, listen?.url) : basicChallenge,
    byCertificate: auth.mtls === undefined ? undefined : identifyCertificates(auth.mtls),
    rateLimit: rate === undefined ? undefined : new RateLimit({ rate, burst, now }),
  }
  const refreshLifetime = auth.tokens?.refreshLifetime ?? 90 * day
  const endpoint = { authenticator, accessTokens, tokens, policy, refreshLifetime, now, onLogin }
  return {
    access: createAccess(accessParts),
    pages: createPageAuth({
      isSecure: config.tls !== undefined || listen?.url?.startsWith('https:') === true,
      authenticator,
      accessTokens,
      tokens,
      policy,
      idle: auth.sessions?.idle ?? 12 * hour,
      lifetime: auth.sessions?.lifetime ?? 7 * day,
      now,
      onLogin,
      createAccess: (bySession) => createAccess({ ...accessParts, bySession }),
    }),
    tokens,
    users,
    tokenEndpoint: usesTokens ? asHandler(createTokenEndpoint(endpoint)) : undefined,
    [Symbol.asyncDispose]: () => tokens[Symbol.asyncDispose](),
  }
}

async function openDirectories(
  { auth }: RegistryConfig,
  users: UserFacts,
  now: () => number,
): Promise<readonly UserDirectory[]> {
  const own = createUserDirectory(users)
  return auth?.ldap === undefined ? [own] : [own, await openLdapDirectory(auth.ldap, now)]
}

async function openKeys(
  facts: KeyFacts | undefined,
  files: AuthFiles,
  options: Omit<RotatedKeysOptions, 'facts'>,
): Promise<SigningKeys> {
  if (facts === undefined) return fixedKey(await openSigningKey(files.key))
  return createRotatedKeys({ facts, ...options })
}

function asHandler(
  endpoint: (request: Request, exchange: Exchange) => Promise<Response>,
): FetchHandler {
  return (request, exchange = { address: '' }) => endpoint(request, exchange)
}

function exists(path: string): Promise<boolean> {
  return canReach(path).then(
    () => true,
    () => false,
  )
}

/** Opens the tokens of a registry to add one. */
export function openTokens(files: AuthFiles): TokenFacts {
  return createStoredTokens(files.tokens)
}

/** Opens the tokens of a registry if it has any. A registry without tokens must not begin to have them. */
export async function findTokens(files: AuthFiles): Promise<TokenFacts | undefined> {
  return (await exists(files.tokens)) ? openTokens(files) : undefined
}
