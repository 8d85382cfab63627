import { describe, expect, test } from 'bun:test'
import { paxRecords } from '../testing/archives.ts'
import { type PaxHeader, pairExtents, parsePax } from './pax.ts'

type Records = Parameters<typeof paxRecords>[0]

function refuse(reason: string): never {
  throw new Error(reason)
}

const parse = (records: Records): PaxHeader => parsePax(paxRecords(records), refuse)
const parseText = (text: string) => (): PaxHeader => parsePax(Buffer.from(text), refuse)

describe('parsePax()', () => {
  test.each([
    '9 path=a', // without its line feed
    '9 path=ab', // a letter where the line feed should be
    '11 path=a\n', // longer than the header
    '8 path=a\n', // shorter than the record
    '0 path=a\n',
    'path=a\n',
    '-9 path=a\n',
    '00000000009 path=a\n',
    '',
  ])('parsePax() reads lengths of %j exactly', (text) => {
    if (text === '') expect(parseText(text)()).toEqual({})
    else expect(parseText(text)).toThrow('its extended header has a record of a wrong length')
  })

  test.each(['5 =a\n', '7 path\n', '7 path\n9 path=a\n'])(
    'parsePax() requires a key and a value in %j',
    (text) => {
      expect(parseText(text)).toThrow('its extended header has a record without a key')
    },
  )

  test('parsePax() accepts the offsets and sizes of a sparse map only in alternation', () => {
    const offset = ['GNU.sparse.offset', '4'] as const
    const size = ['GNU.sparse.numbytes', '2'] as const
    expect(parse([offset, size, offset, size]).sparse?.map).toEqual([4, 2, 4, 2])
    for (const wrong of [[size], [offset, offset], [offset, size, size]]) {
      expect(() => parse(wrong)).toThrow('its sparse map is out of order')
    }
  })

  test('parsePax() reads a sparse map up to its end', () => {
    const records: Records = [
      ['GNU.sparse.map', '3,30'],
      ['comment', 'a,b'],
    ]
    expect(parse(records).sparse?.map).toEqual([3, 30])
    expect(parse([['GNU.sparse.map', '1,2'], ...records]).sparse?.map).toEqual([3, 30])
    expect(() => parse([['GNU.sparse.map', '3,,4']])).toThrow('has a map that is not a number')
  })

  test.each(['SCHILY.xattr.', 'LIBARCHIVE.xattr.'])(
    'parsePax() refuses invalid attribute names after %s',
    (prefix) => {
      for (const name of ['', 'user.a\0b']) {
        const record = [`${prefix}${name}`, 'aGk='] as const
        expect(() => parse([record])).toThrow('it has a malformed attribute name')
      }
    },
  )

  test('parsePax() decodes the encoding of LIBARCHIVE, and refuses a malformed one', () => {
    const value = (name: string, text: string) =>
      parse([[`LIBARCHIVE.xattr.${name}`, text]]).xattrs?.get('user.a b')
    expect(value('user.a%20b', 'aGk=')).toEqual(Uint8Array.from(Buffer.from('hi')))
    expect(() => value('user.%00', 'aGk=')).toThrow('it has a malformed attribute name')
    expect(() => value('user.%', 'aGk=')).toThrow('it has a malformed attribute name')
    for (const text of ['a GK=', 'aGk=aGk=', '!', 'a-_k']) {
      expect(() => value('user.a', text)).toThrow('it has a malformed attribute value')
    }
  })
})

test('pairExtents() refuses half an extent', () => {
  expect(pairExtents([1, 2, 5, 0], refuse)).toEqual([
    { offset: 1, size: 2 },
    { offset: 5, size: 0 },
  ])
  expect(() => pairExtents([1, 2, 5], refuse)).toThrow('its sparse map has half an extent')
})
