import { Duplex } from 'node:stream'

/** Handlers of HTTP do not name the streams of Node, but all connections of this server are such. */
export function duplexOf(connection: object): Duplex {
  if (connection instanceof Duplex) return connection
  throw new TypeError('The connection is not a stream of Node')
}
