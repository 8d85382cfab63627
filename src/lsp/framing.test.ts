import { describe, expect, test } from 'bun:test'
import { frame, type Incoming, maxBody, readMessages } from './framing.ts'

async function read(chunks: readonly (string | Uint8Array)[]): Promise<Incoming[]> {
  const found: Incoming[] = []
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  for await (const messages of readMessages(bytes())) found.push(...messages)
  return found
}

const message = (value: unknown): Incoming => ({ kind: 'message', value })

describe('readMessages()', () => {
  test('readMessages() reads messages however their bytes are split', async () => {
    const whole = Buffer.concat([frame({ a: 'é☃' }), frame({ b: 2 }), frame({ c: 3 })])
    const expected = [message({ a: 'é☃' }), message({ b: 2 }), message({ c: 3 })]
    expect(await read([whole])).toEqual(expected)
    for (const size of [1, 2, 7, 30]) {
      const parts = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        whole.subarray(index * size, (index + 1) * size),
      )
      expect(await read(parts)).toEqual(expected)
    }
  })

  test('readMessages() skips a body that is too long, and reads the message after it', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'x')
    const parts = Array.from({ length: maxBody / megabyte.length }, () => megabyte)
    const found = await read([
      `Content-Length: ${maxBody + 1}\r\n\r\n`,
      ...parts,
      'x',
      frame({ a: 1 }),
    ])
    expect(found).toEqual([
      { kind: 'broken', reason: `a message has more than ${maxBody} bytes`, isFatal: false },
      message({ a: 1 }),
    ])
  })

  test.each([
    ['a message that is not JSON', 'Content-Length: 2\r\n\r\n{]', 'a message is not JSON', false],
    ['an empty message', 'Content-Length: 0\r\n\r\n', 'a message is not JSON', false],
    ['no length', 'Content-Type: x\r\n\r\n{}', 'a message has no Content-Length', true],
    ['a negative length', 'Content-Length: -1\r\n\r\n', 'a message has no Content-Length', true],
    ['an endless header', 'x'.repeat(9000), 'a header has more than 8192 bytes', true],
    [
      'a length of thirty digits',
      `Content-Length: ${'9'.repeat(30)}\r\n\r\n`,
      'a message has no Content-Length',
      true,
    ],
  ])('readMessages() reports %s', async (_what, text, reason, isFatal) => {
    expect(await read([text])).toEqual([{ kind: 'broken', reason, isFatal }])
  })
})
