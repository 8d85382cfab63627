import { expect, test } from 'bun:test'
import type { Route } from './call.ts'
import { compileRoutes } from './match.ts'

const load = (): never => {
  throw new Error('a match loads nothing')
}
const route = (method: Route['method'], path: string): Route => ({ method, path, about: '', load })
const json = route('GET', '/containers/json')
const container = route('GET', '/containers/{id}/json')
const image = route('GET', '/images/{name...}/json')
const remove = route('DELETE', '/images/{name...}')
const swarm = route('any', '/swarm/{rest...}')
const find = compileRoutes([json, container, image, remove, swarm])

test('compileRoutes() finds routes with names of one and of several segments', () => {
  expect(find('GET', '/containers/json')).toEqual({ route: json, params: {} })
  expect(find('GET', '/containers/web/json')).toEqual({ route: container, params: { id: 'web' } })
  expect(find('GET', '/images/localhost:5000/a/b:1/json')).toEqual({
    route: image,
    params: { name: 'localhost:5000/a/b:1' },
  })
  expect(find('DELETE', '/images/a%2Fb')).toEqual({ route: remove, params: { name: 'a/b' } })
  expect(find('PUT', '/swarm/a/b')).toEqual({ route: swarm, params: { rest: 'a/b' } })
})

test('compileRoutes() finds nothing for other paths, other methods and broken encodings', () => {
  for (const path of [
    '/',
    '/containers',
    '/containers/json/',
    '/containers//json',
    '/x/../images',
  ]) {
    expect([path, find('GET', path)]).toEqual([path, undefined])
  }
  expect(find('POST', '/containers/json')).toBeUndefined()
  expect(find('HEAD', '/containers/json')).toBeUndefined()
  expect(find('GET', '/containers/%ff/json')).toBeUndefined()
  expect(find('GET', '/containers/a%00b/json')).toBeUndefined()
})
