import { connect } from 'node:net'

/** Sends raw bytes and returns the server's answer up to the end of the connection. */
export function sendRaw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1')
    socket.on('data', (data) => {
      answer += data.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
    socket.write(bytes)
  })
}

/** Sends `GET /path` with these header lines, on a connection that ends with the answer. */
export function rawRequest(start: string, ...headers: readonly string[]): string {
  return [start, ...headers, 'Connection: close', '', ''].join('\r\n')
}

/** Returns the status of an answer, 0 without one. */
export function rawStatus(answer: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3}) /.exec(answer)?.[1] ?? 0)
}
