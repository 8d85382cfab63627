import { expect, test } from 'bun:test'
import { isPullOnly, pullScope, pushScope, repositoryOf, unionScopes } from './scope.ts'

test('unionScopes() merges actions per resource, in one order', () => {
  const scopes = ['repository:b:pull', 'repository:a:push,pull repository:b:push', 'nonsense']
  expect(unionScopes(scopes)).toEqual(['repository:a:pull,push', 'repository:b:pull,push'])
})

test('unionScopes() keeps colons in resource names', () => {
  expect(unionScopes(['repository:host:5000/a:pull'])).toEqual(['repository:host:5000/a:pull'])
})

test('isPullOnly() is false as soon as something is written', () => {
  expect(isPullOnly([pullScope('a')])).toBe(true)
  expect(isPullOnly([pullScope('a'), pushScope('b')])).toBe(false)
})

test('repositoryOf() names the repository that is written to', () => {
  expect(repositoryOf([pullScope('a'), pushScope('b/c')])).toBe('b/c')
  expect(repositoryOf(['registry:catalog:*'])).toBeUndefined()
})
