import { Authorizer } from '../auth/authorizer.ts'
import { catalogScope } from '../auth/scope.ts'
import { parseName } from '../endpoints.ts'
import {
  type AddressOptions,
  type ResolveHost,
  registryOrigin,
  resolveHost,
} from '../http/address.ts'
import type { RetryOptions } from '../http/retry.ts'
import { discard, type Fetch } from '../http/transport.ts'
import type { CredentialSource, Registry } from '../registry.ts'
import { Connection } from './connection.ts'
import { listStrings } from './pages.ts'
import { pageAfter, RemoteRepository } from './repository.ts'

export interface ConnectOptions extends AddressOptions {
  /** Default: the client is anonymous. */
  readonly credentials?: CredentialSource | undefined
  /** Replaces the global `fetch`; a registry handler fits. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined
  readonly userAgent?: string
  /** Resolves the hosts that the registry names. Default: the system's resolver; none with `fetch`. */
  readonly resolve?: ResolveHost | undefined
  /** `host[:port]` of token services on other sites that may get this registry's password. */
  readonly trustedRealms?: readonly string[] | undefined
  /** Uploads in chunks of this many bytes, for proxies that limit bodies. Default: one request. */
  readonly chunkSize?: number | undefined
  readonly retry?: RetryOptions | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes a registry that is reached over HTTP. Sends nothing before the first operation,
 * and needs no closing.
 */
export function connectRegistry(host: string, options: ConnectOptions = {}): Registry {
  const connection = openConnection(host, options)
  return {
    repository: (name, { traceparent } = {}) => {
      const { chunkSize } = options
      const used =
        traceparent === undefined ? connection : connection.withHeader('traceparent', traceparent)
      return new RemoteRepository(used, parseName(name), { chunkSize })
    },
    repositories: ({ after } = {}) =>
      listStrings(
        connection,
        {
          method: 'GET',
          to: { kind: 'catalog', page: pageAfter(after) },
          scopes: [catalogScope],
          what: `list the repositories of ${host}`,
        },
        'repositories',
      ),
    search: async (term, query) => {
      const { searchRepositories } = await import('./search.ts')
      return await searchRepositories(connection, term, query)
    },
  }
}

/**
 * Checks that the registry answers and accepts the credentials. Returns the refresh
 * token that its token service gives in place of the password, if it gives one.
 */
export async function checkLogin(
  host: string,
  options: ConnectOptions = {},
): Promise<string | undefined> {
  const authorizer = openAuthorizer(host, options, true)
  const connection = openConnection(host, options, authorizer)
  const request = {
    method: 'GET',
    to: { kind: 'ping' },
    scopes: [],
    what: `log in to ${host}`,
  } as const
  await discard(await connection.request(request, [200]))
  return authorizer.refreshToken
}

function openAuthorizer(host: string, options: ConnectOptions, isLogin = false): Authorizer {
  const { credentials, trustedRealms, userAgent = 'strake' } = options
  return new Authorizer({
    host,
    origin: registryOrigin(host, options),
    fetch: asFetch(options.fetch),
    userAgent,
    resolve: resolverOf(options),
    credentials,
    trustedRealms,
    now: options.retry?.now ?? Date.now,
    isLogin,
  })
}

function openConnection(
  host: string,
  options: ConnectOptions,
  authorizer: Authorizer = openAuthorizer(host, options),
): Connection {
  return new Connection({
    host,
    origin: registryOrigin(host, options),
    fetch: asFetch(options.fetch),
    userAgent: options.userAgent ?? 'strake',
    resolve: resolverOf(options),
    authorizer,
    retry: options.retry ?? {},
    signal: options.signal,
  })
}

/** Returns no resolver behind a proxy: the proxy resolves names, and this machine may not be able to. */
function resolverOf({ fetch, resolve }: ConnectOptions): ResolveHost | undefined {
  if (resolve !== undefined || fetch !== undefined) return resolve
  const proxies = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']
  return proxies.some((name) => (process.env[name] ?? '') !== '') ? undefined : resolveHost
}

function asFetch(handler: ConnectOptions['fetch']): Fetch {
  if (handler === undefined) return (url, init) => fetch(url, init)
  return (url, init) => handler(new Request(url, init))
}
