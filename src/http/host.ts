import { hostname as machineName } from 'node:os'

/** A host name or address in lower case, without brackets and without a final dot. */
export interface Host {
  readonly name: string
  readonly port: string
}

/** Returns the parts of a `Host` header, or `undefined` when it breaks the grammar. */
export function parseHost(header: string): Host | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::(\d{1,5}))?$/i.exec(header)
  if (match === null) return undefined
  const name = (match[1] ?? match[2] ?? '').toLowerCase().replace(/\.$/, '')
  const port = match[3] ?? ''
  return name === '' || Number(port) > 65_535 ? undefined : { name, port }
}

/**
 * Returns a test for the host names of a server on the address `listened`. A site can point its own
 * name at this server with a changing DNS response, but the browser still sends that name. So a
 * name must be in the list. An address belongs to no site; a server on a loopback address accepts
 * only loopback addresses.
 */
export function createHostList(
  listened: string,
  names: readonly string[] = [],
): (name: string) => boolean {
  const own = listened.toLowerCase().replace(/^\[|\]$/g, '')
  const known = new Set([own, 'localhost', ...names.map((name) => parseHost(name)?.name ?? name)])
  if (isLoopbackAddress(own) || own === 'localhost') {
    return (name) => known.has(name) || isLoopbackAddress(name)
  }
  known.add(machineName().toLowerCase())
  return (name) => known.has(name) || isAddress(name)
}

function isLoopbackAddress(name: string): boolean {
  return name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(name)
}
