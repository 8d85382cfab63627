import { expect, test } from 'bun:test'
import { parseBoolean } from './boolean.ts'

test("parseBoolean() reads Go's words and no other text", () => {
  expect(['1', 't', 'T', 'true', 'True', 'TRUE'].map(parseBoolean)).toEqual(Array(6).fill(true))
  expect(['0', 'f', 'F', 'false', 'False', 'FALSE'].map(parseBoolean)).toEqual(Array(6).fill(false))
  for (const text of ['', ' ', ' true', 'tRUE', 'yes', 'no', 'on', 'off', '2', '01', 'toString']) {
    expect(parseBoolean(text)).toBeUndefined()
  }
})
