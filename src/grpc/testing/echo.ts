import {
  BytesMessage,
  bidi,
  clientStream,
  GrpcError,
  type Method,
  type Rpc,
  serverStream,
  tunnel,
  unary,
} from '../index.ts'

/** A request and a response of the test service. */
const Text = { text: ['string', 1], count: ['int32', 2] } as const

type TextRpc = Rpc<typeof Text, typeof Text>
type BytesRpc = Rpc<typeof BytesMessage, typeof BytesMessage>

const rpc = (name: string): TextRpc => ({
  path: `/strake.Echo/${name}`,
  request: Text,
  response: Text,
})

const bytesRpc = (name: string): BytesRpc => ({
  path: `/strake.Echo/${name}`,
  request: BytesMessage,
  response: BytesMessage,
})

type TextName = 'say' | 'repeat' | 'join' | 'talk' | 'fail' | 'failLate' | 'wait'

export const Echo: Readonly<Record<TextName, TextRpc>> & Readonly<Record<'pipe', BytesRpc>> = {
  say: rpc('Say'),
  repeat: rpc('Repeat'),
  join: rpc('Join'),
  talk: rpc('Talk'),
  fail: rpc('Fail'),
  failLate: rpc('FailLate'),
  wait: rpc('Wait'),
  pipe: bytesRpc('Pipe'),
}

/** A call that carries a connection on which the caller serves. */
export const Session: BytesRpc = bytesRpc('Session')

/** What calls of the test service saw. */
export interface Seen {
  readonly cancelled: string[]
}

/** A service whose answers repeat what it was sent. */
export function echoMethods(seen: Seen = { cancelled: [] }): readonly Method[] {
  return [
    unary(Echo.say, async ({ text, count }, { metadata }) => ({
      text: [text, ...metadata.all('x-more')].join(' '),
      count: count + 1,
    })),
    serverStream(Echo.repeat, async function* ({ text, count }) {
      for (let index = 0; index < count; index++) yield { text, count: index }
    }),
    clientStream(Echo.join, async (requests) => {
      const texts = await Array.fromAsync(requests, ({ text }) => text)
      return { text: texts.join(' '), count: texts.length }
    }),
    bidi(Echo.talk, async (stream) => {
      for await (const message of stream) await stream.send(message)
    }),
    unary(Echo.fail, async ({ text }) => {
      if (text === '') throw Object.assign(new Error('secret'), { code: 'ERR_HTTP2_X' })
      const value = new TextEncoder().encode('{}')
      throw new GrpcError('UNKNOWN', text, { details: [{ typeUrl: 'x', value }] })
    }),
    serverStream(Echo.failLate, async function* ({ text }) {
      yield { text }
      throw new GrpcError('ABORTED', text)
    }),
    serverStream(Echo.wait, async function* ({ text }, { signal }) {
      yield { text: 'begun' }
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      seen.cancelled.push(`${text}: ${(signal.reason as GrpcError).code}`)
    }),
    bidi(Echo.pipe, async (stream) => {
      const connection = tunnel(stream)
      for await (const chunk of connection) {
        await new Promise((resolve) => connection.write(chunk, resolve))
      }
    }),
  ]
}
