import type { Duplex } from 'node:stream'
import { GrpcError } from '#grpc'
import { ClientSession, type SessionFacts } from './client-session.ts'

/** Milliseconds that a build waits for the session that it names. */
const patience = 5_000

/** The sessions that clients have opened on one server. */
export class Sessions {
  readonly #sessions = new Map<string, ClientSession>()
  readonly #waiting = new Map<string, Set<(session: ClientSession) => void>>()

  /** Begins a session on a connection. It ends with the connection. Throws `ALREADY_EXISTS`. */
  open(connection: Duplex, facts: SessionFacts): ClientSession {
    const { id } = facts
    if (id === '') throw new GrpcError('INVALID_ARGUMENT', 'a session needs an ID')
    if (this.#sessions.has(id)) {
      throw new GrpcError('ALREADY_EXISTS', `the session ${id} is open already`)
    }
    const session = new ClientSession(connection, facts)
    this.#sessions.set(id, session)
    session.closed.addEventListener('abort', () => this.#sessions.delete(id), { once: true })
    for (const found of this.#waiting.get(id) ?? []) found(session)
    return session
  }

  /**
   * Returns the session with an ID. A build often names a session before the client has opened it,
   * so this waits a few seconds. Throws `NOT_FOUND`.
   */
  async find(name: string, signal?: AbortSignal): Promise<ClientSession> {
    const id = withoutPrefix(name)
    const known = this.#sessions.get(id)
    if (known !== undefined) return known
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<ClientSession>()
    const waiting = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, waiting.add(resolve))
    const missing = new GrpcError('NOT_FOUND', `no active session for ${id}`)
    const timer = setTimeout(() => reject(missing), patience)
    const onAbort = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      waiting.delete(resolve)
      if (waiting.size === 0) this.#waiting.delete(id)
    }
  }
}

/** Clients may put a word and a colon before an ID. */
function withoutPrefix(name: string): string {
  const at = name.indexOf(':')
  return at < 0 || at === name.length - 1 ? name : name.slice(at + 1)
}
