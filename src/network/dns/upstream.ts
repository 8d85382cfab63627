import { askTcp, askUdp } from '#platform'
import { type DnsQuestion, parseQuery } from './message.ts'

export type DnsTransport = 'tcp' | 'udp'

/** Asks other name servers. */
export interface Upstream {
  /** Returns the answer of the first server that has one; `undefined` when none answers. */
  ask(query: Uint8Array, transport: DnsTransport): Promise<Uint8Array | undefined>
}

/** The most questions at a time. */
const mostQuestions = 256
/** Milliseconds that a server has. */
const patience = 2500
const mostServers = 3

/** `port` is for tests. */
export function openUpstream(servers: readonly string[], port = 53): Upstream {
  let open = 0
  return {
    async ask(query, transport) {
      if (open >= mostQuestions) return undefined
      open += 1
      try {
        for (const hostname of servers.slice(0, mostServers)) {
          const answer = await askServer({ hostname, port }, query, transport)
          if (answer !== undefined) return answer
        }
        return undefined
      } finally {
        open -= 1
      }
    },
  }
}

interface Server {
  readonly hostname: string
  readonly port: number
}

/**
 * Sends the question under a number of its own from a port of its own, so that a stranger can
 * hardly forge an answer.
 */
async function askServer(
  server: Server,
  query: Uint8Array,
  transport: DnsTransport,
): Promise<Uint8Array | undefined> {
  const asked = Uint8Array.from(query)
  crypto.getRandomValues(asked.subarray(0, 2))
  const question = parseQuery(asked)
  if (question === undefined) return undefined
  const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>()
  const alarm = setTimeout(() => resolve(undefined), patience)
  const take = (answer: Uint8Array): void => {
    if (!answersTo(answer, question)) return
    const own = Uint8Array.from(answer)
    own.set(query.subarray(0, 2))
    resolve(own)
  }
  try {
    using _connection = await (transport === 'udp'
      ? askUdp(server, asked, take)
      : askTcp(server, frame(asked), { onData: reader(take), onClose: () => resolve(undefined) }))
    return await promise
  } catch {
    // The server is not reachable: the next one may be.
    return undefined
  } finally {
    clearTimeout(alarm)
  }
}

/** Whether a message is an answer with the number and the question that were sent. */
function answersTo(answer: Uint8Array, { id, bytes }: DnsQuestion): boolean {
  const isAnswer = ((answer[2] ?? 0) & 0x80) !== 0
  const number = ((answer[0] ?? 0) << 8) | (answer[1] ?? 0)
  const repeated = answer.subarray(12, 12 + bytes.length)
  return isAnswer && number === id && Buffer.from(repeated).equals(Buffer.from(bytes))
}

/** A message on a TCP connection has its length before it (RFC 1035 section 4.2.2). */
export function frame(message: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 255), message])
}

/** Returns a function that takes the pieces of a connection and calls `take` with each message. */
export function reader(take: (message: Uint8Array) => void): (data: Uint8Array) => void {
  let rest: Uint8Array = new Uint8Array()
  return (data) => {
    rest = Buffer.concat([rest, data])
    for (;;) {
      const length = ((rest[0] ?? 0) << 8) | (rest[1] ?? 0)
      if (rest.length < 2 || rest.length < 2 + length) return
      const message = rest.subarray(2, 2 + length)
      rest = rest.slice(2 + length)
      take(message)
    }
  }
}
