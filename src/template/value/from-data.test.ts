import { expect, test } from 'bun:test'
import { documentValue, typedValue } from './from-data.ts'
import { intType, listOf, mapOf, pointerTo, type StructType, stringType } from './types.ts'

const point: StructType = {
  kind: 'struct',
  name: 'main.Point',
  fields: [
    { name: 'X', json: 'x', type: intType },
    { name: 'Next', json: 'next', type: pointerTo(intType) },
  ],
}

test('typedValue() gives absent and null members the zero value of their type', () => {
  expect(typedValue(point, { next: null, other: 1 })).toMatchObject({
    values: [{ integer: 0n }, { kind: 'pointer', target: undefined }],
  })
  expect(typedValue(listOf(intType), undefined)).toMatchObject({ isNil: true, items: [] })
  expect(typedValue(listOf(intType), [])).toMatchObject({ isNil: false, items: [] })
})

test('typedValue() orders map keys by their bytes, and numbers by their value', () => {
  const keys = (value: ReturnType<typeof typedValue>): unknown =>
    value.kind === 'map' && value.entries.map(([key]) => Object.values(key).at(-1))
  const texts = typedValue(mapOf(stringType, intType), { b: 1, a: 2, Z: 3 })
  const numbers = typedValue(mapOf(intType, intType), { 10: 1, 9: 2, '-1': 3 })
  expect(keys(texts)).toEqual(['Z', 'a', 'b'])
  expect(keys(numbers)).toEqual([-1n, 9n, 10n])
})

test('typedValue() cuts integers to the bits of their type', () => {
  const byte = { kind: 'uint8', name: 'uint8' } as const
  expect(typedValue(byte, 257)).toMatchObject({ integer: 1n })
  expect(typedValue(byte, -1)).toMatchObject({ integer: 255n })
})

test('typedValue() refuses data of another shape', () => {
  expect(() => typedValue(point, { x: 'text' })).toThrow('data that is no int')
  expect(() => typedValue(listOf(intType), {})).toThrow('data that is no []int')
  expect(() => typedValue(point, 'text')).toThrow('data that is no main.Point')
  expect(() => typedValue(stringType, 5)).toThrow('data that is no string')
})

test('documentValue() takes members as JSON has them', () => {
  const value = documentValue({ a: undefined, b: null, c: 1 })
  expect(value?.kind === 'map' && value.entries.length).toBe(2)
  expect(documentValue(null)).toBeUndefined()
})
