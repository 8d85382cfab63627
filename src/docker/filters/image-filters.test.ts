import { expect, test } from 'bun:test'
import { parseImageFilters } from './image-filters.ts'

test('parseImageFilters() reads the conditions of Docker', () => {
  const words = ['dangling=1', 'label=kind=base', 'label=other', 'reference=app*', 'since=app:1']
  expect(parseImageFilters([...words, 'before=base', 'until=2020-06-01T00:00:00Z'])).toEqual({
    dangling: [true],
    labels: [{ key: 'kind', value: 'base' }, { key: 'other' }],
    references: ['app*'],
    since: ['app:1'],
    before: ['base'],
    until: [new Date('2020-06-01')],
  })
  expect(parseImageFilters(['dangling=false']).dangling).toEqual([false])
})

test('parseImageFilters() refuses unknown conditions', () => {
  for (const filter of ['foo=bar', 'label', '=x', 'dangling=TRUE', 'dangling=', 'dangling=no']) {
    expect(() => parseImageFilters([filter])).toThrow(`Cannot filter images by '${filter}'`)
  }
})
