import { expect, test } from 'bun:test'
import { steady, TooSlowError } from './steady.ts'

/**
 * Chunks of so many bytes, each after so many milliseconds of a clock that only these chunks
 * advance.
 */
function paced(chunks: readonly (readonly [bytes: number, milliseconds: number])[]) {
  let time = 0
  let isEnded = false
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      for (const [size, milliseconds] of chunks) {
        time += milliseconds
        yield new Uint8Array(size)
      }
    } finally {
      isEnded = true
    }
  }
  return {
    bytes: bytes(),
    now: () => time,
    pass: (milliseconds: number) => {
      time += milliseconds
    },
    isEnded: () => isEnded,
  }
}

async function sizeOf(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0
  for await (const chunk of bytes) size += chunk.byteLength
  return size
}

test('steady() yields bytes that arrive fast enough on average', async () => {
  const { bytes, now } = paced([
    [100_000, 1000],
    [1, 40_000],
    [1, 20_000],
  ])
  expect(await sizeOf(steady(bytes, { now }))).toBe(100_002)
})

test('steady() ends a body of one byte per ten seconds after half a minute', async () => {
  const { bytes, now, isEnded } = paced(Array.from({ length: 100 }, () => [1, 10_000] as const))
  let size = 0
  const reading = async (): Promise<void> => {
    for await (const chunk of steady(bytes, { now })) size += chunk.byteLength
  }
  await expect(reading()).rejects.toBeInstanceOf(TooSlowError)
  expect(size).toBe(3)
  expect(now()).toBe(40_000)
  expect(isEnded()).toBe(true)
})

test('steady() does not count the time of its consumer', async () => {
  const source = paced([
    [10, 1000],
    [10, 1000],
  ])
  let size = 0
  for await (const chunk of steady(source.bytes, { now: source.now })) {
    size += chunk.byteLength
    source.pass(1_000_000)
  }
  expect(size).toBe(20)
})

test('steady() ends a body that stops arriving', async () => {
  async function* silent(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1)
    await new Promise(() => {})
  }
  await expect(sizeOf(steady(silent(), { silence: 20 }))).rejects.toBeInstanceOf(TooSlowError)
})

test('steady() throws the error of its source, and closes the source when the reader stops', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1)
    throw new Error('broken')
  }
  await expect(sizeOf(steady(broken()))).rejects.toThrow('broken')
  const source = paced([
    [1, 1],
    [1, 1],
  ])
  for await (const _ of steady(source.bytes)) break
  await Promise.resolve()
  expect(source.isEnded()).toBe(true)
})
