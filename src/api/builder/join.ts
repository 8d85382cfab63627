import type { Duplex } from 'node:stream'

/**
 * Carries the bytes of each connection to the other one, as fast as that takes them. The end of one
 * is the end of both, after the last byte: connections of HTTP/2 have no use for one direction alone.
 */
export function join(one: Duplex, other: Duplex): void {
  const connections = [one, other]
  const end = (): void => {
    for (const connection of connections) connection.end(() => connection.destroy())
  }
  for (const connection of connections) {
    // The close that follows ends the other connection.
    connection.on('error', () => {})
    connection.once('end', end)
    connection.once('close', end)
  }
  one.pipe(other)
  other.pipe(one)
}
