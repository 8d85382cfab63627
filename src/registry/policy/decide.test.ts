import { expect, test } from 'bun:test'
import { claimsOf, decide, hasClaims, isAdministrator, knowsAnonymous } from './decide.ts'
import { matchesRepository } from './glob.ts'
import { anonymous, type Identity } from './identity.ts'
import { parseLimit } from './limit.ts'
import { type Action, defaultRules, type Policy } from './rule.ts'

const user = (name: string, groups: readonly string[] = []): Identity => ({
  kind: 'user',
  name,
  groups,
})
const robot: Identity = { kind: 'robot', name: 'ci', groups: [] }
const job: Identity = {
  kind: 'workload',
  name: 'github/repo:acme/app',
  groups: [],
  issuer: 'github',
  claims: { repository: 'acme/app', ref: 'refs/heads/main', aud: ['a', 'b'] },
}

const policy: Policy = {
  groups: { team: ['alice'] },
  rules: [
    { name: 'frozen', repositories: ['team/frozen'], subjects: ['everyone'], actions: ['pull'] },
    { repositories: ['team/**'], subjects: ['group:team', 'robot:ci'], actions: ['pull', 'push'] },
    { repositories: ['team/*'], subjects: ['user:bob'], actions: ['admin'] },
    {
      repositories: ['acme/**'],
      subjects: [{ issuer: 'github', claims: { repository: 'acme/*', ref: 'refs/heads/main' } }],
      actions: ['pull', 'push'],
    },
    { repositories: ['public/**'], subjects: ['anonymous', 'authenticated'], actions: ['pull'] },
  ],
}

const may = (identity: Identity, action: Action, repository: string): string => {
  const { isAllowed, reason } = decide(policy, identity, { action, repository })
  return `${isAllowed ? 'yes' : 'no'}: ${reason}`
}

test('decide() lets the first rule with repository and sender decide, and names it', () => {
  expect(may(user('alice'), 'push', 'team/app')).toBe('yes: rule 2 allows push')
  expect(may(user('alice'), 'delete', 'team/app')).toBe(
    'no: rule 2 does not allow delete; it allows pull, push',
  )
  expect(may(user('alice'), 'push', 'team/frozen')).toBe(
    'no: the rule "frozen" does not allow push; it allows pull',
  )
  expect(may(user('carol', ['team']), 'push', 'team/a/b')).toBe('yes: rule 2 allows push')
  expect(may(robot, 'push', 'team/app')).toBe('yes: rule 2 allows push')
  expect(may(user('ci'), 'push', 'team/app')).toStartWith('no: no rule')
  expect(may(user('bob'), 'delete', 'team/app')).toBe('yes: rule 3 allows delete')
  expect(may(user('bob'), 'delete', 'team/a/b')).toStartWith('no: no rule')
  expect(may(anonymous, 'pull', 'public/x')).toBe('yes: rule 5 allows pull')
  expect(may(anonymous, 'push', 'public/x')).toStartWith('no: rule 5')
  expect(may(anonymous, 'pull', 'team/app')).toStartWith('no: no rule')
})

test('decide() takes a job for nobody else, and by its claims only', () => {
  expect(may(job, 'push', 'acme/app')).toBe('yes: rule 4 allows push')
  expect(may({ ...job, issuer: 'gitlab' }, 'push', 'acme/app')).toStartWith('no')
  expect(may({ ...job, claims: { repository: 'acme/app' } }, 'push', 'acme/app')).toStartWith('no')
  const claims = { repository: 'acme/app', ref: 'refs/heads/main\nrefs' }
  expect(may({ ...job, claims }, 'push', 'acme/app')).toStartWith('no')
  // A job at a public issuer has not logged in here.
  expect(may(job, 'pull', 'public/x')).toStartWith('no: no rule')
  expect(may({ ...job, name: 'bob' }, 'delete', 'team/app')).toStartWith('no')
  expect(
    decide({ rules: defaultRules, groups: {} }, job, { action: 'pull', repository: 'a' }).isAllowed,
  ).toBe(false)
})

test('decide() narrows by the scopes of a token, and never widens', () => {
  const scoped = { ...user('alice'), scopes: ['team/app:pull', 'other:push'] }
  expect(may(scoped, 'pull', 'team/app')).toStartWith('yes')
  expect(may(scoped, 'push', 'team/app')).toBe(
    'no: rule 2 allows push, but the scopes of the token do not',
  )
  expect(may(scoped, 'push', 'other')).toStartWith('no: no rule')
  expect(may({ ...user('alice'), scopes: [] }, 'pull', 'team/app')).toStartWith('no')
})

test('decide() ignores groups and claims with the names of inherited properties', () => {
  const rules = [
    { repositories: ['**'], subjects: ['group:constructor'], actions: ['pull'] as const },
  ]
  const asked = { action: 'pull', repository: 'a' } as const
  expect(decide({ rules, groups: {} }, user('alice'), asked).isAllowed).toBe(false)
  expect(hasClaims({ claims: {} }, { toString: '*' })).toBe(false)
})

test('hasClaims() accepts one value of a list, and no object', () => {
  expect(hasClaims(job, { aud: 'b' })).toBe(true)
  expect(hasClaims(job, { aud: 'c' })).toBe(false)
  expect(hasClaims({ claims: { a: { b: 1 }, c: null } }, { a: '*' })).toBe(false)
  expect(hasClaims({ claims: { c: null } }, { c: '*' })).toBe(false)
})

test('matchesRepository() keeps * inside a segment', () => {
  expect(matchesRepository('a/*', 'a/b')).toBe(true)
  expect(matchesRepository('a/*', 'a/b/c')).toBe(false)
  expect(matchesRepository('a/**', 'a/b/c')).toBe(true)
  expect(matchesRepository('a/**', 'a')).toBe(false)
  expect(matchesRepository('a.b', 'axb')).toBe(false)
  expect(matchesRepository('app', 'my/app')).toBe(false)
})

test('knowsAnonymous() and claimsOf() summarize the rules', () => {
  expect(knowsAnonymous(policy)).toBe(true)
  expect(knowsAnonymous({ rules: defaultRules, groups: {} })).toBe(false)
  expect([...claimsOf(policy)]).toEqual(['repository', 'ref'])
})

test('parseLimit() refuses unknown actions and odd repositories', () => {
  expect(parseLimit('repository:team/**:pull,push')).toBe('team/**:pull,push')
  for (const text of ['team', 'team:', 'team:fetch', '../x:pull', ':pull']) {
    expect(() => parseLimit(text)).toThrow('Cannot use the scope')
  }
})

test('isAdministrator() reads the first rule about all repositories and the sender', () => {
  const rules: Policy = {
    groups: {},
    rules: [
      { repositories: ['team/**'], subjects: ['user:bob'], actions: ['admin'] },
      { repositories: ['**'], subjects: ['user:carol'], actions: ['pull'] },
      {
        repositories: ['**'],
        subjects: ['user:root', 'user:carol', 'anonymous'],
        actions: ['admin'],
      },
    ],
  }
  const isAdmin = (identity: Identity): boolean => isAdministrator(rules, identity)
  expect([user('root'), user('carol'), user('bob')].map(isAdmin)).toEqual([true, false, false])
  expect(isAdmin(anonymous)).toBe(false)
  expect(isAdmin({ ...user('root'), scopes: ['team/**:admin'] })).toBe(false)
  expect(isAdmin({ ...user('root'), scopes: ['**:pull,push'] })).toBe(false)
  expect(isAdmin({ ...user('root'), scopes: ['**:admin'] })).toBe(true)
  expect(isAdministrator({ rules: [], groups: {} }, user('root'))).toBe(false)
})
