import { expect, test } from 'bun:test'
import { parseChallenges } from './challenge.ts'

const plain = (header: string): unknown =>
  parseChallenges(header).map(({ scheme, params }) => [scheme, Object.fromEntries(params)])

test('parseChallenges() reads a bearer challenge with commas inside quotes', () => {
  const header =
    'Bearer realm="https://auth.example/token",service="registry",scope="repository:a:pull,push"'
  expect(plain(header)).toEqual([
    [
      'bearer',
      {
        realm: 'https://auth.example/token',
        service: 'registry',
        scope: 'repository:a:pull,push',
      },
    ],
  ])
})

test('parseChallenges() reads several schemes in one value', () => {
  expect(
    plain('Negotiate, Basic realm="a, b", Bearer realm=x , error = "insufficient_scope"'),
  ).toEqual([
    ['negotiate', {}],
    ['basic', { realm: 'a, b' }],
    ['bearer', { realm: 'x', error: 'insufficient_scope' }],
  ])
})

test('parseChallenges() unescapes, keeps the first of repeated names, and folds their case', () => {
  expect(plain('Bearer Realm="a\\"b", realm="evil"')).toEqual([['bearer', { realm: 'a"b' }]])
})

test('parseChallenges() stops at text that does not parse', () => {
  expect(plain('')).toEqual([])
  expect(plain('"nonsense')).toEqual([])
  expect(plain('Basic realm="open')).toEqual([['basic', {}]])
  expect(plain('realm="of nothing"')).toEqual([])
})
