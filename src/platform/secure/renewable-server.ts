import { type ServerKeys, type TlsSettings, tlsSettings } from './keys.ts'
import { preferListener } from './prefer-listener.ts'

/** Milliseconds for which connections of an earlier certificate may go on. */
const retirement = 10 * 60_000

/** The runtime's server with TLS, whose keys can be replaced. */
export interface RenewableServer {
  readonly port: number
  /** Uses other keys for new connections. Present connections go on. Throws for keys that do not work. */
  renew(keys: ServerKeys): void
  stop(closeAll: boolean): Promise<void>
}

interface Listener {
  readonly port: number | undefined
  stop(closeAll: boolean): Promise<void>
}

/** Begins to listen on a port that several sockets of this process may share. */
type Listen = (port: number, tls: TlsSettings) => Listener

/**
 * The runtime cannot change the keys of a server. So a second server takes the new connections of
 * the same port, and the first one ends when its connections have had their time.
 */
export function openRenewableServer(
  listen: Listen,
  port: number,
  keys: ServerKeys,
): RenewableServer {
  let current = listen(port, tlsSettings(keys))
  let retired: Listener | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const bound = current.port ?? port
  const endRetired = (): void => {
    clearTimeout(timer)
    retired?.stop(false).catch(() => {})
    retired = undefined
  }
  return {
    port: bound,
    renew(next) {
      endRetired()
      const fresh = listen(bound, tlsSettings(next))
      preferListener(bound, 1)
      retired = current
      current = fresh
      timer = setTimeout(endRetired, retirement)
      timer.unref()
    },
    async stop(closeAll) {
      clearTimeout(timer)
      await Promise.all([retired?.stop(closeAll), current.stop(closeAll)])
    },
  }
}
