import { expect, test } from 'bun:test'
import { alignTabs } from './tabs.ts'

test('alignTabs() makes every column as wide as its widest cell', () => {
  expect(alignTabs('ID\tNAME\n0123456789ab\tweb\n1\t世界\tx\n')).toBe(
    'ID             NAME\n0123456789ab   web\n1              世界      x\n',
  )
})

test('alignTabs() ends a column at a line without it', () => {
  expect(alignTabs('a\tb\nlong line without a tab\nabcdefghijkl\tc')).toBe(
    'a         b\nlong line without a tab\nabcdefghijkl   c',
  )
})

test('alignTabs() keeps text without tabs, and empty cells', () => {
  expect(alignTabs('plain\n\n')).toBe('plain\n\n')
  expect(alignTabs('\t\tend')).toBe(`${' '.repeat(20)}end`)
})
