import { describe, expect, test } from 'bun:test'
import { parseSourcePolicy, type SourcePolicy } from '../model/source-policy.ts'
import { allowDirectory, allowedSource, allowedUrl } from './allowed.ts'
import { parseGitUrl } from './git-url.ts'

const policy = (...rules: readonly object[]): SourcePolicy =>
  parseSourcePolicy(JSON.stringify({ rules }))
const deny = (identifier: string) => ({ action: 'DENY', selector: { identifier } })
const convert = (identifier: string, updates: object) => ({
  action: 'CONVERT',
  selector: { identifier },
  updates,
})
const git = (url: string, rules?: SourcePolicy) => {
  const found = parseGitUrl(url)
  if (found === undefined) throw new Error(`${url} is no repository`)
  return allowedSource(found.source, rules)
}

describe('allowedSource()', () => {
  test('denies a repository by every notation of its URL', () => {
    for (const url of [
      'https://h.example/a/b.git#main',
      'http://u:p@h.example/a/b.git',
      'ssh://git@h.example/a/b',
      'git@h.example:a/b.git#x:y',
      'git@h.example:/a/b.git',
      'git://h.example/a/b',
    ]) {
      expect(() => git(url, policy(deny('git://h.example/a/*')))).toThrow('denies it')
      expect(git(url, policy(deny('git://other/*')))).toEqual(git(url))
    }
  })

  test('converts remote and ref, and pins the commit', () => {
    const rules = policy(
      convert('git://h/a.git#*', {
        identifier: 'git://mirror/$1.git#v2:sub',
        attrs: { 'git.checksum': 'abcd' },
      }),
    )
    expect(git('https://h/a.git#main', rules)).toEqual({
      remote: 'https://mirror/main.git',
      ref: 'v2',
      subdir: 'sub',
      checksum: 'abcd',
      submodules: true,
    })
    expect(git('git@h:a.git#x', rules).remote).toBe('ssh://git@mirror/x.git')
    expect(() => git('https://h/a.git#x', policy(convert('git://*', { identifier: 'x' })))).toThrow(
      'it is another kind of source',
    )
  })
})

test('allowedUrl() converts a URL and adds a checksum', () => {
  const rules = policy(
    convert('https://h/*', { identifier: 'https://m/$1', attrs: { 'http.checksum': 'sha256:1' } }),
  )
  expect(allowedUrl({ url: 'https://h/x', checksum: undefined }, rules)).toEqual({
    url: 'https://m/x',
    checksum: 'sha256:1',
  })
  const file = policy(convert('https://*', { identifier: 'file:///etc/passwd' }))
  expect(() => allowedUrl({ url: 'https://h/x', checksum: undefined }, file)).toThrow()
})

test('allowDirectory() denies the files of this machine', () => {
  expect(() => allowDirectory('context', policy(deny('local://*')))).toThrow('denies it')
  expect(() => allowDirectory('context', undefined)).not.toThrow()
})
