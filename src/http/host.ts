import { hostname as machineName } from 'node:os'

/** `name` or `address`, in lower case and without the brackets and the dot that may end a name. */
export interface Host {
  readonly name: string
  readonly port: string
}

/** The parts of a `Host` header; `undefined` for one that breaks the grammar. */
export function parseHost(header: string): Host | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::(\d{1,5}))?$/i.exec(header)
  if (match === null) return undefined
  const name = (match[1] ?? match[2] ?? '').toLowerCase().replace(/\.$/, '')
  const port = match[3] ?? ''
  return name === '' || Number(port) > 65_535 ? undefined : { name, port }
}

/**
 * Tells which `Host` headers a server that listens on `listened` answers to.
 * A page of another site can make a browser send its requests here, by a DNS
 * answer that changes, but the browser then still names that site. So names
 * must be known. Addresses name no site; on a loopback address only loopback
 * ones make sense.
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
