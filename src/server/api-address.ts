import { StrakeError } from '#oci'

/** Where the Engine API is served: the value of `--host`. */
export type ApiAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly hostname: string; readonly port: number }
  /** The sockets that systemd passes to the program. */
  | { readonly kind: 'inherited' }

/** Reads `unix:///PATH`, `tcp://ADDRESS:PORT` or `fd://`. Throws `INVALID`. */
export function parseApiAddress(text: string): ApiAddress {
  if (text === 'fd://') return { kind: 'inherited' }
  const [, path] = /^unix:\/\/(\/.+)$/.exec(text) ?? []
  if (path !== undefined) return { kind: 'unix', path }
  const [, six, name, digits] =
    /^tcp:\/\/(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? []
  const hostname = six ?? name
  if (hostname !== undefined && Number(digits) <= 65_535) {
    // The word may name another address in /etc/hosts.
    const address = hostname === 'localhost' ? '127.0.0.1' : hostname
    return { kind: 'tcp', hostname: address, port: Number(digits) }
  }
  throw new StrakeError(
    'INVALID',
    `Cannot listen on ${text}: expected unix:///PATH, tcp://ADDRESS:PORT or fd://`,
  )
}

/** Formats an address with a port as clients write it. */
export function formatTcp(hostname: string, port: number): string {
  return `tcp://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`
}

/** Only programs of this machine reach a loopback address. */
export function isLoopback(hostname: string): boolean {
  return hostname === '::1' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
