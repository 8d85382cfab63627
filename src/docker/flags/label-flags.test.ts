import { expect, test } from 'bun:test'
import { parseImageLabels } from './label-flags.ts'

test('parseImageLabels() keeps a bare label, and refuses one without a name', () => {
  const labels = parseImageLabels(['bare', 'a=b=c', 'x=1', 'x=2'])
  expect([...labels]).toEqual([
    ['bare', ''],
    ['a', 'b=c'],
    ['x', '2'],
  ])
  for (const text of ['', '=x']) {
    expect(() => parseImageLabels(['a=b', text])).toThrow('its name is empty')
  }
})
