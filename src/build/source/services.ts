import { lookup } from 'node:dns/promises'
import { offline, redact } from './refusal.ts'

/** The services that downloads need. */
export interface HttpServices {
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>
  /** Returns the addresses of a host name, possibly none. */
  readonly lookup: (host: string) => Promise<readonly string[]>
  /** The environment with the proxy variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The longest time without an answer or a byte of it, in milliseconds. */
  readonly idleTimeout: number
}

/** The services of this process. */
export function httpServices(): HttpServices {
  return {
    fetch: (url, init) => fetch(url, init),
    lookup: addressesOf,
    env: process.env,
    idleTimeout: 60_000,
  }
}

/** Services that refuse every connection. */
export function offlineServices(services: HttpServices): HttpServices {
  return {
    ...services,
    fetch: async (url) => {
      throw offline(redact(new URL(url)))
    },
    lookup: async (host) => {
      throw offline(host)
    },
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => address)
}
