import { expect, test } from 'bun:test'
import { parseContainerFilters } from './container-filters.ts'

test('parseContainerFilters() reads the conditions of Docker', () => {
  const words = ['name=web', 'id=aa', 'status=exited', 'status=running', 'exited=3']
  const more = ['health=healthy', 'ancestor=app:1', 'label=tier=front', 'label=x', 'network=none']
  expect(parseContainerFilters([...words, ...more, 'volume=data', 'before=a', 'since=b'])).toEqual({
    names: [/web/],
    ids: ['aa'],
    states: ['exited', 'running'],
    exitCodes: [3],
    healths: ['healthy'],
    ancestors: ['app:1'],
    labels: [{ key: 'tier', value: 'front' }, { key: 'x' }],
    networks: ['none'],
    volumes: ['data'],
    before: ['a'],
    since: ['b'],
  })
})

test('parseContainerFilters() reads ports and tasks', () => {
  const words = ['publish=80', 'expose=8000-8010/UDP', 'is-task=false']
  expect(parseContainerFilters(words)).toEqual({
    published: [{ first: 80, last: 80, protocol: 'tcp' }],
    exposed: [{ first: 8000, last: 8010, protocol: 'udp' }],
    isTask: false,
  })
  for (const word of ['publish=x', 'expose=9-8', 'publish=70000', 'is-task=maybe']) {
    expect(() => parseContainerFilters([word])).toThrow(`'${word}'`)
  }
})

test('parseContainerFilters() refuses invalid conditions', () => {
  for (const word of ['foo=bar', 'name', 'status=foo', 'exited=x', 'health=x']) {
    expect(() => parseContainerFilters([word])).toThrow(`Cannot filter containers by '${word}'`)
  }
  expect(() => parseContainerFilters(['name=['])).toThrow('no regular expression')
})
