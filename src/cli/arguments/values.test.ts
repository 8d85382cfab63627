import { expect, test } from 'bun:test'
import {
  collect,
  parseAssignments,
  parseBytes,
  parsePort,
  parsePositive,
  parseWhole,
} from './values.ts'

test('parseBytes() has binary units', () => {
  expect(['1024', '1k', '512m', '1.5G', '2gb', '1KiB', '10b'].map(parseBytes)).toEqual([
    1024,
    1024,
    512 * 1024 ** 2,
    1.5 * 1024 ** 3,
    2 * 1024 ** 3,
    1024,
    10,
  ])
})

test('parseBytes() leaves out a part of a byte', () => {
  expect(['1.9', '0.5b', '1.0009k'].map(parseBytes)).toEqual([1, 0, 1024])
})

test('parseBytes() refuses invalid sizes, and sizes that no number holds exactly', () => {
  for (const text of ['', 'm', '-1', '1x', '1 2', '9007199254740993', '8193t'])
    expect(() => parseBytes(text)).toThrow('size')
})

test('parsePositive() and parseWhole() refuse invalid numbers', () => {
  expect(parsePositive('1.5')).toBe(1.5)
  expect(parsePositive('0')).toBe(0)
  expect(() => parsePositive('-1')).toThrow('number')
  expect(parseWhole('-1')).toBe(-1)
  for (const text of ['1.5', '', '0x1', '9007199254740993']) {
    expect(() => parseWhole(text)).toThrow('whole')
  }
})

test('parseAssignments() reads a bare name from the environment and drops an unset one', () => {
  const pairs = parseAssignments(['A=1', 'B', 'C', 'A=3=4=', 'D='], { B: 'from here' })
  expect(Object.fromEntries(pairs)).toEqual({ A: '3=4=', B: 'from here', D: '' })
})

test('parseAssignments() refuses a pair without a name', () => {
  expect(() => parseAssignments(['=x'], {})).toThrow("Cannot use '=x': it has no name before =")
})

test('collect() appends to the earlier values', () => {
  expect(collect('b', collect('a', undefined))).toEqual(['a', 'b'])
})

test('parsePort() refuses what is not a port', () => {
  expect(['0', '5000', '65535'].map(parsePort)).toEqual([0, 5000, 65_535])
  for (const text of ['65536', '-1', '99999999', '', 'http']) {
    expect(() => parsePort(text)).toThrow('expected a port from 0 to 65535')
  }
})
