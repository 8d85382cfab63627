import type { ServerSessionOptions, Settings } from 'node:http2'
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
 * Calls `listener` once when a connection has ended or its other side has ended. A connection of
 * HTTP/2 has no use for one direction alone, and a half-open one would never close.
 */
export function onceOver(connection: Duplex, listener: () => void): void {
  const settle = (): void => {
    connection.off('end', settle)
    connection.off('close', settle)
    listener()
    connection.destroy()
  }
  connection.once('end', settle)
  connection.once('close', settle)
}
