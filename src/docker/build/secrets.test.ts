import { expect, test } from 'bun:test'
import { parseAgent, parseSecret } from './secrets.ts'

const secrets: readonly (readonly [string, ReturnType<typeof parseSecret>])[] = [
  ['id=a', { id: 'a' }],
  ['id=a,src=/f', { id: 'a', file: '/f' }],
  ['type=file,id=a,source=f', { id: 'a', file: 'f' }],
  ['"id=a","src=f,g"', { id: 'a', file: 'f,g' }],
  ['id=a,env=V', { id: 'a', env: 'V' }],
  ['ID=a,type=env,env=V', { id: 'a', env: 'V' }],
  ['id=a,type=env,src=V', { id: 'a', env: 'V' }],
  ['id=a,type=env', { id: 'a' }],
  ['id=a,src=x=y', { id: 'a', file: 'x=y' }],
]

test.each(secrets)('parseSecret() reads %s', (text, expected) => {
  expect(parseSecret(text)).toEqual(expected)
})

const badSecrets: readonly (readonly [string, string])[] = [
  ['a', 'expected id=NAME,src=FILE or id=NAME,env=VARIABLE'],
  ['', 'expected id=NAME'],
  ['"id=a', 'it has no id'],
  ['id=a,mode=1', 'expected id=NAME'],
  ['src=f', 'it has no id'],
  ['id=', 'it has no id'],
  ['id=a,type=key', 'there is no type key'],
  ['id=a,src=f,env=V', 'expected a file or a variable'],
]

test.each(badSecrets)('parseSecret() refuses %p', (text, reason) => {
  expect(() => parseSecret(text)).toThrow(reason)
})

test('parseAgent() reads an ID and a socket', () => {
  expect(parseAgent('default')).toEqual({ id: 'default', isRaw: false, paths: [] })
  expect(parseAgent('')).toEqual({ id: 'default', isRaw: false, paths: [] })
  expect(parseAgent('a=/s')).toEqual({ id: 'a', paths: ['/s'], isRaw: false })
  expect(parseAgent('a=/s,raw=true')).toEqual({ id: 'a', paths: ['/s'], isRaw: true })
  expect(parseAgent('a=/k1,/k2')).toEqual({ id: 'a', paths: ['/k1', '/k2'], isRaw: false })
  expect(parseAgent('a=')).toEqual({ id: 'a', isRaw: false, paths: [] })
})

const badAgents: readonly (readonly [string, string])[] = [
  ['a=k1,k2,raw=true', 'raw needs one socket'],
  ['a=/s,raw=perhaps', 'raw is true or false'],
  ['a=raw=1', 'raw needs one socket'],
]

test.each(badAgents)('parseAgent() refuses %p', (text, reason) => {
  expect(() => parseAgent(text)).toThrow(reason)
})
