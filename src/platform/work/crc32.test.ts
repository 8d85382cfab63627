import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { joinChecksums } from './crc32.ts'

const lengths = [0, 1, 2, 3, 255, 256, 4095, 65_537, 1_048_576, 1_048_577]

test('joinChecksums() returns the CRC-32 of two pieces together', () => {
  for (const first of lengths) {
    for (const second of lengths) {
      const bytes = randomBytes(first + second)
      const [head, tail] = [bytes.subarray(0, first), bytes.subarray(first)]
      expect(joinChecksums(crc32(head), crc32(tail), second)).toBe(crc32(bytes))
    }
  }
})

test('joinChecksums() takes lengths of more than 32 bits', () => {
  const [gibibyte, pieces] = [2 ** 30, 6]
  let zeros = crc32(new Uint8Array(1))
  for (let size = 1; size < gibibyte; size *= 2) zeros = joinChecksums(zeros, zeros, size)
  let all = zeros
  for (let count = 1; count < pieces; count++) all = joinChecksums(all, zeros, gibibyte)
  const head = crc32('head')
  let stepwise = head
  for (let count = 0; count < pieces; count++) stepwise = joinChecksums(stepwise, zeros, gibibyte)
  expect(joinChecksums(head, all, pieces * gibibyte)).toBe(stepwise)
})
