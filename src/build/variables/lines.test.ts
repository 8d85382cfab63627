import { expect, test } from 'bun:test'
import { VariableLines } from './lines.ts'

test('VariableLines keeps the first place and the last value of a name', () => {
  const lines = new VariableLines([
    ['A', '1'],
    ['B', ''],
  ])
  const before = lines.list()
  lines.set('A', '22')
  lines.set('C', '3')
  expect(lines.list()).toEqual(['A=22', 'B=', 'C=3'])
  expect(before).toEqual(['A=1', 'B='])
  expect([lines.size, lines.count]).toEqual([9, 3])
  expect(lines.list(['B', 'other'])).toEqual(['A=22', 'C=3'])
  lines.setLast('A', '4')
  expect(lines.list()).toEqual(['B=', 'C=3', 'A=4'])
  expect(lines.size).toBe(8)
})
