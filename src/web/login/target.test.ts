import { expect, test } from 'bun:test'
import { loginFor, targetOf } from './target.ts'

test('targetOf() returns pages of this server, and nothing else', () => {
  for (const page of [
    '/',
    '/tokens',
    '/admin/cache',
    '/?q=app&under=team',
    '/repositories/team/app',
    '/repositories/team/app/-/files/v1?path=etc%2Fpasswd',
  ]) {
    expect(targetOf(page)).toBe(page)
  }
  for (const text of [
    null,
    '',
    'https://evil.example/',
    'http://page@evil.example/',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/.//evil.example',
    '/repositories/..//evil.example',
    '/%2f%2fevil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '/login?to=/login',
    '/logout',
    '/v2/',
    'http://[',
  ]) {
    expect([text, targetOf(text)]).toEqual([text, '/'])
  }
})

test('loginFor() leads back to a page', () => {
  const of = (path: string) => loginFor(new URL(`http://localhost:5000${path}`))
  expect(of('/')).toBe('/login')
  expect(of('/tokens')).toBe('/login?to=%2Ftokens')
  expect(of('/absent')).toBe('/login')
})
