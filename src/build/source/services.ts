import { lookup } from 'node:dns/promises'

/** What downloads need of the world. */
export interface HttpServices {
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>
  /** The addresses of a host name; none when it has none. */
  readonly lookup: (host: string) => Promise<readonly string[]>
  /** The proxy variables among it count. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Milliseconds without an answer, or without a byte of one, after which a server counts as gone. */
  readonly idleTimeout: number
}

/** Those of this process. */
export function httpServices(): HttpServices {
  return {
    fetch: (url, init) => fetch(url, init),
    lookup: addressesOf,
    env: process.env,
    idleTimeout: 60_000,
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => address)
}
