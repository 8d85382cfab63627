import { image } from './content.ts'
import type { Sample } from './rig.ts'
import type { Served } from './served.ts'

export interface Load extends Sample {
  /** Bytes per second, in millions. */
  readonly megabytes: number
  /** Milliseconds of each answer, sorted. */
  readonly times: readonly number[]
}

/** Returns the milliseconds that a part of the answers took at most, such as 0.99. */
export function percentile(times: readonly number[], part: number): number {
  return times[Math.floor(times.length * part)] ?? 0
}

export interface LoadOptions {
  /** Such as `GET /v2/`. */
  readonly request: string
  readonly connections: number
  /** Ends the load after these, and after the answers that are on their way. 0 for one answer each. */
  readonly seconds: number
}

/**
 * Sends the same request again and again on each connection, each after the answer to the one before.
 * The client shares the machine with the server, so it looks only at the first answer of a connection
 * in full: the others must begin and end alike.
 */
export async function load(
  { port, isSecure }: Pick<Served, 'port' | 'isSecure'>,
  { request, connections, seconds }: LoadOptions,
): Promise<Load> {
  const accept = image.descriptor.mediaType
  const head = Buffer.from(
    `${request} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: ${accept}\r\n\r\n`,
  )
  const hasBody = !request.startsWith('HEAD')
  const times: number[] = []
  let bytes = 0
  const started = performance.now()
  const end = started + seconds * 1000
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let begin = ''
      let whole = 0
      let left = 0
      let sentAt = 0
      const send = (socket: Bun.Socket<undefined>): void => {
        left = whole
        sentAt = performance.now()
        socket.write(head)
      }
      Bun.connect<undefined>({
        hostname: '127.0.0.1',
        port,
        ...(isSecure && { tls: { rejectUnauthorized: false } }),
        socket: {
          open(socket) {
            if (!isSecure) send(socket)
          },
          handshake: (socket) => send(socket),
          error: (_, error) => reject(error),
          close: () => resolve(),
          data(socket, chunk) {
            bytes += chunk.length
            if (whole === 0) {
              begin += chunk.toString('latin1')
              whole = lengthOf(begin, hasBody)
              if (whole === 0) return
              left = whole - begin.length
              if (!begin.startsWith('HTTP/1.1 200')) return reject(new Error(begin.slice(0, 300)))
            } else {
              if (left === whole && chunk[9] !== 0x32) return reject(new Error(chunk.toString()))
              left -= chunk.length
            }
            if (left > 0) return
            if (left < 0) return reject(new Error('an answer is longer than the first one'))
            const now = performance.now()
            times.push(now - sentAt)
            if (now < end) send(socket)
            else socket.end()
          },
        },
      }).catch(reject)
    })
  await Promise.all(Array.from({ length: connections }, one))
  const took = (performance.now() - started) / 1000
  return {
    rate: times.length / took,
    count: times.length,
    megabytes: bytes / took / 1e6,
    times: times.sort((one, other) => one - other),
  }
}

/** Returns the bytes of an answer with its head; 0 while the head is not complete. */
function lengthOf(text: string, hasBody: boolean): number {
  const at = text.indexOf('\r\n\r\n')
  if (at < 0) return 0
  const length = Number(/\ncontent-length: (\d+)/i.exec(text.slice(0, at))?.[1] ?? 0)
  return at + 4 + (hasBody ? length : 0)
}
