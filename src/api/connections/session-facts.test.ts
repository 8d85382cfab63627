import { expect, test } from 'bun:test'
import { factsOfCall, factsOfHeaders } from './session-facts.ts'

test('factsOfHeaders() reads what a client says about its session', () => {
  const headers = new Headers({
    'X-Docker-Expose-Session-Uuid': 'abc',
    'X-Docker-Expose-Session-Sharedkey': 'my+app%3A1',
    'X-Docker-Expose-Session-Sharedkey-Encoded': '1',
    'X-Buildkit-Session-Health-Custom-Timeout': '30000',
  })
  headers.append('X-Docker-Expose-Session-Grpc-Method', '/moby.filesync.v1.Auth/Credentials')
  headers.append('X-Docker-Expose-Session-Grpc-Method', '/grpc.health.v1.Health/Check')
  expect(factsOfHeaders(headers)).toEqual({
    id: 'abc',
    sharedKey: 'my app:1',
    methods: ['/moby.filesync.v1.Auth/Credentials', '/grpc.health.v1.Health/Check'],
    patience: 30_000,
  })
})

test('factsOfHeaders() keeps a shared key that is not encoded, or wrongly', () => {
  const key = (value: string, isEncoded: string): string =>
    factsOfHeaders(
      new Headers({
        'x-docker-expose-session-sharedkey': value,
        'x-docker-expose-session-sharedkey-encoded': isEncoded,
      }),
    ).sharedKey
  expect(key('a%20b', '')).toBe('a%20b')
  expect(key('100%', '1')).toBe('100%')
})

test('factsOfCall() reads methods as a list and in one value', () => {
  const metadata = (values: readonly string[]) => ({
    first: (name: string) => (name === 'x-docker-expose-session-uuid' ? 'abc' : undefined),
    all: (name: string) => (name === 'x-docker-expose-session-grpc-method' ? values : []),
  })
  for (const values of [['/a/B', '/c/D'], ['/a/B, /c/D']]) {
    expect(factsOfCall(metadata(values))).toEqual({
      id: 'abc',
      sharedKey: '',
      methods: ['/a/B', '/c/D'],
      patience: undefined,
    })
  }
})
