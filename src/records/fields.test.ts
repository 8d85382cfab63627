import { expect, test } from 'bun:test'
import { isStrakeError, sha256 } from '#oci'
import { Fields, readRows } from './fields.ts'

const fields = (value: unknown): Fields => new Fields('the record', { x: value as string })

test('document() accepts an object, and no other JSON value', () => {
  expect(fields('{"a":1}').document('x')).toEqual({ a: 1 })
  for (const wrong of ['[]', '[{}]', 'null', '1', '"{}"', '', '{', null]) {
    expect(() => fields(wrong).document('x')).toThrow('Cannot read the record: its x is damaged')
  }
})

test('digest() accepts a digest, and no other text', () => {
  const digest = sha256('x')
  expect(fields(digest).digest('x')).toBe(digest)
  for (const wrong of [digest.toUpperCase(), digest.slice(0, -1), 'sha256:', '', 7, null]) {
    expect(() => fields(wrong).digest('x')).toThrow('its x is damaged')
  }
})

test('readRows() reports a damaged row and continues, and throws other errors', () => {
  const rows = [{ x: 'a' }, { x: 1 }, { x: 'b' }]
  const reported: unknown[] = []
  const read = (row: (typeof rows)[number]): string => new Fields('the record', row).text('x')
  const found = readRows(
    rows,
    (row) => read({ x: row['x'] as string }),
    (error, row) => {
      reported.push([isStrakeError(error, 'INTERNAL'), row])
    },
  )
  expect(found).toEqual(['a', 'b'])
  expect(reported).toEqual([[true, { x: 1 }]])
  const fails = (): never => {
    throw new TypeError('a bug')
  }
  expect(() => readRows(rows, fails, () => {})).toThrow('a bug')
})
