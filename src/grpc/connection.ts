import type { Http2Session, ServerSessionOptions, Settings } from 'node:http2'
import type { Duplex } from 'node:stream'

/** Bytes that the other side may send in one call before they are read. */
const window = 1024 * 1024

/** Calls at the same time on one connection. Clients in Go allow as many. */
export const mostCalls = 250

export const settings: Settings = { initialWindowSize: window, maxHeaderListSize: window }

/** Limits of both sides of a connection. */
export const limits: Pick<ServerSessionOptions, 'maxHeaderListPairs' | 'maxSendHeaderBlockLength'> =
  {
    // The limits for received and sent headers are low by default, and the lines of a .dockerignore
    // travel in headers.
    maxHeaderListPairs: 5_000,
    maxSendHeaderBlockLength: window,
  }

/**
 * Ties a session of HTTP/2 to its connection: the end of one is the end of the other. A connection
 * of HTTP/2 has no use for one direction alone, and a half-open one would never close. Calls
 * `onOver` once.
 */
export function tie(session: Http2Session, connection: Duplex, onOver: () => void): void {
  let isOver = false
  const end = (): void => {
    if (isOver) return
    isOver = true
    onOver()
    session.destroy()
    connection.end(() => connection.destroy())
  }
  session.once('close', end)
  connection.once('end', end)
  connection.once('close', end)
  // Clients in Go end each connection in a way that the runtimes report as an error of the protocol.
  session.on('error', () => connection.destroy())
  connection.on('error', () => connection.destroy())
}
