import { expect, test } from 'bun:test'
import { wantedNames } from './wanted-names.ts'

test('wantedNames() finds the secrets and agents of every RUN', () => {
  const text = [
    'FROM a',
    'RUN --mount=type=secret,id=one --mount=type=secret,target=/run/two --mount=type=ssh true',
    'RUN --mount=type=secret,env=THREE --mount=type=ssh,id=other,required true',
    'RUN --mount=type=cache,target=/c true',
  ].join('\n')
  expect(wantedNames(text, [])).toEqual({
    secrets: ['one', 'two', 'THREE'],
    agents: ['default', 'other'],
  })
})

test('wantedNames() asks for passwords of the hosts in URLs, and for the agent of repositories', () => {
  const { secrets } = wantedNames('FROM a\nADD https://host.example/x /\n', [])
  expect(secrets).toContain('HTTP_AUTH_TOKEN_host.example')
  expect(secrets).toContain('GIT_AUTH_TOKEN.host.example')
  expect(secrets).toContain('GIT_AUTH_TOKEN')
  expect(wantedNames('FROM a\n', ['https://other.example/r.git']).secrets).toContain(
    'GIT_AUTH_HEADER.other.example',
  )
  expect(wantedNames('FROM a\nADD git@host.example:r.git /\n', []).agents).toEqual(['default'])
  expect(wantedNames('FROM a\nCOPY b c\n', [])).toEqual({ secrets: [], agents: [] })
})

test('wantedNames() reads what it can of a wrong Dockerfile', () => {
  expect(wantedNames('FRM a\nRUN\n', []).secrets).toEqual([])
})
