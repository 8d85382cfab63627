import { Authorizer } from '../auth/authorizer.ts'
import { catalogScope } from '../auth/scope.ts'
import { parseName } from '../endpoints.ts'
import { type AddressOptions, registryOrigin } from '../http/address.ts'
import type { RetryOptions } from '../http/retry.ts'
import { discard, type Fetch } from '../http/transport.ts'
import type { CredentialSource, Registry } from '../registry.ts'
import { Connection } from './connection.ts'
import { listStrings } from './pages.ts'
import { pageAfter, RemoteRepository } from './repository.ts'

export interface ConnectOptions extends AddressOptions {
  /** Anonymous without. */
  readonly credentials?: CredentialSource
  /** Called in place of the global `fetch`; a registry handler fits. */
  readonly fetch?: (request: Request) => Promise<Response>
  readonly userAgent?: string
  /** `host[:port]` of token services elsewhere that may see this registry's password. */
  readonly trustedRealms?: readonly string[]
  /** Upload in chunks of this many bytes, for proxies that limit bodies; else in one request. */
  readonly chunkSize?: number
  readonly retry?: RetryOptions
  readonly signal?: AbortSignal
}

/**
 * A registry reached over HTTP. Nothing is sent before the first operation;
 * there is nothing to close.
 */
export function connectRegistry(host: string, options: ConnectOptions = {}): Registry {
  const connection = openConnection(host, options)
  return {
    repository: (name) =>
      new RemoteRepository(connection, parseName(name), { chunkSize: options.chunkSize }),
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
  }
}

/** Proves that the registry answers and accepts the credentials. */
export async function pingRegistry(host: string, options: ConnectOptions = {}): Promise<void> {
  const connection = openConnection(host, options)
  const request = {
    method: 'GET',
    to: { kind: 'ping' },
    scopes: [],
    what: `log in to ${host}`,
  } as const
  await discard(await connection.request(request, [200]))
}

function openConnection(host: string, options: ConnectOptions): Connection {
  const origin = registryOrigin(host, options)
  const fetch = asFetch(options.fetch)
  const userAgent = options.userAgent ?? 'strake'
  const retry = options.retry ?? {}
  const { credentials, trustedRealms } = options
  const now = retry.now ?? Date.now
  const authorizer = new Authorizer({
    host,
    origin,
    fetch,
    userAgent,
    credentials,
    trustedRealms,
    now,
  })
  return new Connection({
    host,
    origin,
    fetch,
    userAgent,
    authorizer,
    retry,
    signal: options.signal,
  })
}

function asFetch(handler: ConnectOptions['fetch']): Fetch {
  if (handler === undefined) return (url, init) => fetch(url, init)
  return (url, init) => handler(new Request(url, init))
}
