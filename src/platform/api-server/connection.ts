import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

const preface = 'PRI * HTTP/2.0'

/**
 * Hands a new connection to the server of its protocol. The first bytes tell HTTP/1 from HTTP/2,
 * because the parser of HTTP/1 loses a connection that begins with HTTP/2.
 */
export function route(
  socket: Socket,
  http: HttpServer,
  onHttp2: ((connection: Duplex) => void) | undefined,
): void {
  socket.once('readable', () => {
    const first: Buffer | null = socket.read()
    if (first === null) {
      socket.destroy()
      return
    }
    const isHttp2 = first.subarray(0, preface.length).toString('latin1') === preface
    if (isHttp2 && onHttp2 !== undefined) {
      onHttp2(withFirstBytes(socket, first))
      return
    }
    socket.unshift(first)
    http.emit('connection', socket)
  })
}

/** Returns a connection that yields `first` before all other bytes. Its errors end it silently. */
export function withFirstBytes(socket: Duplex, first: Uint8Array): Duplex {
  if (first.length === 0) return socket
  const connection = new Duplex({
    allowHalfOpen: true,
    read: () => socket.resume(),
    write: (chunk, _, done) => {
      if (socket.write(chunk)) done()
      else socket.once('drain', done)
    },
    final: (done) => {
      socket.end()
      done()
    },
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  // An error without a listener would end the whole server.
  connection.on('error', () => {})
  connection.push(first)
  socket.on('data', (chunk: Uint8Array) => {
    if (!connection.push(chunk)) socket.pause()
  })
  socket.once('end', () => connection.push(null))
  socket.once('close', () => connection.destroy())
  socket.once('error', (error) => connection.destroy(error))
  return connection
}
