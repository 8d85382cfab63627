import { expect, test } from 'bun:test'
import {
  dnsCode,
  encodeName,
  fitDatagram,
  formatAnswer,
  formatEmpty,
  parseQuery,
} from './message.ts'
import { makeQuery } from './testing/query.ts'

test('parseQuery() reads the name, the type and the size that the client takes', () => {
  expect(parseQuery(makeQuery('Web.Back', 1))).toMatchObject({
    ...{ id: 0x1234, name: 'web.back', type: 1, isRecursive: true, udpSize: 512 },
  })
  const option = Uint8Array.of(0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0)
  expect(parseQuery(Buffer.concat([makeQuery('a', 28), option]))).toMatchObject({
    ...{ type: 28, udpSize: 1232 },
  })
})

test('parseQuery() takes no other message, and none that is cut off', () => {
  const query = makeQuery('web', 1)
  const answer = Uint8Array.from(query, (byte, at) => (at === 2 ? 0x81 : byte))
  const pointer = Uint8Array.from(query, (byte, at) => (at === 12 ? 0xc0 : byte))
  const two = Uint8Array.from(query, (byte, at) => (at === 5 ? 2 : byte))
  for (const message of [answer, pointer, two]) expect(parseQuery(message)).toBeUndefined()
  for (let length = 0; length < query.length; length++) {
    expect(parseQuery(query.subarray(0, length))).toBeUndefined()
  }
})

test('formatAnswer() repeats the question and points to its name', () => {
  const question = parseQuery(makeQuery('web', 1))
  if (question === undefined) throw new Error('no question')
  expect([...formatAnswer(question, [Uint8Array.of(10, 1, 0, 2)])]).toEqual([
    ...[0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0],
    ...[3, 119, 101, 98, 0, 0, 1, 0, 1],
    ...[0xc0, 12, 0, 1, 0, 1, 0, 0, 2, 88, 0, 4, 10, 1, 0, 2],
  ])
  expect(formatEmpty(question, dnsCode.failure)[3]).toBe(0x82)
})

test('fitDatagram() asks the client to come by TCP for an answer that is too long', () => {
  const question = parseQuery(makeQuery('web', 1))
  if (question === undefined) throw new Error('no question')
  const records = Array.from({ length: 40 }, () => new Uint8Array(4))
  const short = fitDatagram(question, formatAnswer(question, records))
  expect([short[2], short[7], short.length]).toEqual([0x83, 0, 21])
  const whole = formatAnswer(question, records.slice(0, 30))
  expect(fitDatagram(question, whole)).toBe(whole)
})

test('encodeName() writes labels with their lengths', () => {
  expect([...encodeName('ab.c')]).toEqual([2, 97, 98, 1, 99, 0])
})
