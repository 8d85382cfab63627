import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { PortProtocol } from '../../port.ts'

/**
 * Returns the process of this network namespace that has a socket on the port: `nginx (pid 812)`.
 * Returns `undefined` when it finds none. Reads all of /proc, so use it only for error messages.
 */
export function findPortOwner(protocol: PortProtocol, port: number): string | undefined {
  const inodes = new Set(
    [`${protocol}`, `${protocol}6`].flatMap((table) => socketInodes(table, port)),
  )
  if (inodes.size === 0) return undefined
  for (const pid of attempt(() => readdirSync('/proc')) ?? []) {
    if (!/^\d+$/.test(pid) || !hasSocket(pid, inodes)) continue
    const name = attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
    if (name !== undefined) return `${name} (pid ${pid})`
  }
  return undefined
}

/** Columns of /proc/net/tcp: slot, local address:port in hexadecimal, peer, state ... inode tenth. */
function socketInodes(table: string, port: number): readonly string[] {
  const text = attempt(() => readFileSync(`/proc/net/${table}`, 'utf8')) ?? ''
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const LISTEN = '0A'
  return text.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/)
    if (!columns[1]?.endsWith(suffix)) return []
    if (table.startsWith('tcp') && columns[3] !== LISTEN) return []
    return columns[9] ?? []
  })
}

function hasSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  const directory = `/proc/${pid}/fd`
  return (attempt(() => readdirSync(directory)) ?? []).some((fd) => {
    const target = attempt(() => readlinkSync(`${directory}/${fd}`)) ?? ''
    return inodes.has(target.replace(/^socket:\[(\d+)\]$/, '$1'))
  })
}

/** Returns `undefined` for a process that has ended. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
