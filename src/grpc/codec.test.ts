import { describe, expect, test } from 'bun:test'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import type { Draft, Message } from './message-table.ts'

const Inner = { name: ['string', 1], mode: ['uint32', 2] } as const

const All = {
  text: ['string', 1],
  data: ['bytes', 2],
  flag: ['bool', 3],
  small: ['int32', 4],
  unsigned: ['uint32', 5],
  large: ['int64', 6],
  positive: ['uint64', 7],
  exact: ['bigint', 8],
  ratio: ['double', 9],
  inner: [Inner, 10],
  inners: [Inner, 11, 'repeated'],
  texts: ['string', 12, 'repeated'],
  packed: ['int64', 13, 'repeated'],
  loose: ['int64', 14, 'repeated'],
  labels: ['string', 15, 'map'],
  blobs: ['bytes', 16, 'map'],
  parts: [Inner, 17, 'map'],
  maybe: ['int32', 2000, 'optional'],
} as const

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const hex = (message: Draft<typeof All>): string =>
  Buffer.from(encode(All, message)).toString('hex')

const nothing: Message<typeof All> = decode(All, new Uint8Array())

/** Made by Google's library for Python, 4.21.12, of a definition with the fields of `All`. */
const golden: Readonly<Record<string, readonly [hex: string, message: Draft<typeof All>]>> = {
  text: ['0a0c4772c3bcc39f6520f09f9aa2', { text: 'Grüße 🚢' }],
  'negative numbers': [
    '20ffffffffffffffffff0130feffffffffffffffff0140fdffffffffffffffff01',
    { small: -1, large: -2, exact: -3n },
  ],
  'the smallest numbers': [
    '2080808080f8ffffffff014080808080808080808001',
    { small: -(2 ** 31), exact: -(2n ** 63n) },
  ],
  'the largest numbers': [
    '20ffffffff0728ffffffff0f30ffffffffffffff0f38ffffffffffffff0f40ffffffffffffffff7f',
    {
      small: 2 ** 31 - 1,
      unsigned: 2 ** 32 - 1,
      large: 2 ** 53 - 1,
      positive: 2 ** 53 - 1,
      exact: 2n ** 63n - 1n,
    },
  ],
  'other scalars': [
    '120200ff180128ac0249000000000000e0bf',
    { data: bytes('00ff'), flag: true, ratio: -0.5, unsigned: 300 },
  ],
  messages: [
    '52090a01611080808080085a005a030a0162',
    { inner: { name: 'a', mode: 2 ** 31 }, inners: [{}, { name: 'b' }] },
  ],
  'a message without fields': ['5200', { inner: {} }],
  lists: ['62006201787001' + '70ffffffffffffffffff01', { texts: ['', 'x'], loose: [1, -1] }],
  maps: [
    '7a050a016112007a060a01621201638201060a016b1201018a01070a017012021005',
    {
      labels: { a: '', b: 'c' },
      blobs: { k: bytes('01') },
      parts: { p: { mode: 5 } },
    },
  ],
  'a zero that is present': ['807d00', { maybe: 0 }],
}

describe('the bytes of another library', () => {
  for (const [name, [expected, message]] of Object.entries(golden)) {
    test(`encode() writes ${name}`, () => expect(hex(message)).toBe(expected))

    test(`decode() reads ${name}`, () => {
      const decoded = decode(All, bytes(expected))
      const inner = (value: Draft<typeof Inner>) => ({ name: '', mode: 0, ...value })
      expect(decoded).toEqual({
        ...nothing,
        ...message,
        inner: message.inner && inner(message.inner),
        inners: (message.inners ?? []).map(inner),
        parts: Object.fromEntries(
          Object.entries(message.parts ?? {}).map(([key, value]) => [key, inner(value)]),
        ),
      } as typeof decoded)
    })
  }

  test('decode() reads a packed list', () => {
    expect(decode(All, bytes('6a0d01ffffffffffffffffff01ac02')).packed).toEqual([1, -1, 300])
  })
})

test('encode() leaves default values out', () => {
  expect(
    hex({ text: '', data: new Uint8Array(), flag: false, small: 0, exact: 0n, texts: [] }),
  ).toBe('')
})

test('decode() fills in default values, and tells what is absent', () => {
  expect(nothing.text).toBe('')
  expect(nothing.data).toEqual(new Uint8Array())
  expect(nothing.texts).toEqual([])
  expect(nothing.inner).toBeUndefined()
  expect(nothing.maybe).toBeUndefined()
  expect(nothing.labels['constructor']).toBeUndefined()
})

test('decode() skips fields that the table does not have', () => {
  // A varint, 8 bytes, 4 bytes, a text and a group of the numbers 100 to 104.
  const unknown = 'a00601' + 'a9060102030405060708' + 'b50601020304' + 'ba060161' + 'c3060801c406'
  expect(decode(All, bytes(`${unknown}0a0178`))).toEqual({ ...nothing, text: 'x' })
})

test('decode() skips a field of another wire type', () => {
  expect(decode(All, bytes('0801' + '200a')).small).toBe(10)
})

test('decode() merges a message that is sent in two parts', () => {
  expect(decode(All, bytes('52030a0161' + '52021005')).inner).toEqual({ name: 'a', mode: 5 })
})

test('decode() keeps the key __proto__ of a map', () => {
  const { labels } = decode(All, encode(All, { labels: { ['__proto__']: 'x' } as never }))
  const entry = '7a0e0a095f5f70726f746f5f5f120178'
  expect(Object.entries(decode(All, bytes(entry)).labels)).toEqual([['__proto__', 'x']])
  expect(Object.getPrototypeOf(labels)).toBeNull()
})

describe('decode() refuses', () => {
  const refused: Readonly<Record<string, string>> = {
    'a text that is not UTF-8': '0a02c328',
    'a number above 2^53': '388080808080808010',
    'a field that is cut off': '0a0561',
    'a number that is cut off': '2080',
    'a message that is longer than the one around it': '5203' + '0a0561' + '6262',
    'a field number of 0': '0001',
    'a number of eleven bytes': '20ffffffffffffffffffff01',
    'a list whose last number is cut off': '6a0180',
  }
  for (const [name, text] of Object.entries(refused)) {
    test(name, () => {
      expect(() => decode(All, bytes(text))).toThrow(/^Cannot read a message: /)
    })
  }

  test('too many elements', () => {
    const many = new Uint8Array(2 * 500_001)
    for (let at = 0; at < many.length; at += 2) many[at] = 0x5a
    expect(() => decode(All, many)).toThrow('Cannot read a message: it has too many elements')
  })

  test('messages that are too deep', () => {
    interface Chain {
      readonly [name: string]: readonly [Chain | 'string', 1]
    }
    let Chain: Chain = { next: ['string', 1] }
    for (let depth = 0; depth < 40; depth++) Chain = { next: [Chain, 1] }
    const deep = Array.from({ length: 39 }).reduce<string>(
      (inner) => `0a${(inner.length / 2).toString(16).padStart(2, '0')}${inner}`,
      '',
    )
    expect(() => decode(Chain, bytes(deep))).toThrow('too many messages inside each other')
  })
})
