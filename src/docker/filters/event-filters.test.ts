import { expect, test } from 'bun:test'
import { parseEventFilters } from './event-filters.ts'

test('parseEventFilters() reads the conditions of Docker', () => {
  const words = ['type=image', 'type=volume', 'event=pull', 'container=web', 'image=app']
  expect(parseEventFilters([...words, 'label=a=b', 'network=n', 'volume=v'])).toEqual({
    types: ['image', 'volume'],
    actions: ['pull'],
    containers: ['web'],
    images: ['app'],
    networks: ['n'],
    volumes: ['v'],
    labels: [{ key: 'a', value: 'b' }],
  })
  expect(parseEventFilters([])).toEqual({})
})

test('parseEventFilters() lets no event pass for another scope, and for objects of which there are none', () => {
  expect(parseEventFilters(['scope=swarm', 'type=image']).types).toEqual([])
  expect(parseEventFilters(['scope=local', 'type=image']).types).toEqual(['image'])
  expect(parseEventFilters(['service=web']).types).toEqual([])
})

test('parseEventFilters() refuses unknown conditions', () => {
  expect(() => parseEventFilters(['foo=bar'])).toThrow("Cannot filter events by 'foo=bar'")
})
