import { describe, expect, test } from 'bun:test'
import { isStrakeError } from '#oci'
import { parseGitUrl } from './git-url.ts'

const usual = { submodules: true }

describe('parseGitUrl()', () => {
  test.each([
    ['https://h.example/a/b.git', { remote: 'https://h.example/a/b.git', ...usual }],
    [
      'https://h.example/b.git#v1:sub/dir/',
      { remote: 'https://h.example/b.git', ref: 'v1', subdir: 'sub/dir', ...usual },
    ],
    ['http://h/b.git#:d', { remote: 'http://h/b.git', subdir: 'd', ...usual }],
    ['git@h:a/b.git#x', { remote: 'git@h:a/b.git', ref: 'x', ...usual }],
    ['ssh://git@h:22/a#pull/4/head', { remote: 'ssh://git@h:22/a', ref: 'pull/4/head', ...usual }],
    ['git://h/a.git', { remote: 'git://h/a.git', ...usual }],
    [
      'https://h/b.git?branch=x&subdir=d&submodules=false&keep-git-dir=1',
      {
        remote: 'https://h/b.git',
        ref: 'refs/heads/x',
        subdir: 'd',
        submodules: false,
        keepGitDir: true,
      },
    ],
    [
      'git@h:a/b?tag=v1&checksum=abcdef12',
      { remote: 'git@h:a/b', ref: 'refs/tags/v1', checksum: 'abcdef12', ...usual },
    ],
    [
      `https://h/b.git?commit=${'a'.repeat(40)}`,
      {
        remote: 'https://h/b.git',
        ref: 'a'.repeat(40),
        checksum: 'a'.repeat(40),
        ...usual,
      },
    ],
  ] as const)('parseGitUrl() reads %s', (text, source) => {
    expect(parseGitUrl(text)?.source).toEqual(source)
  })

  test.each([
    'dir',
    './x.git',
    '/x.git',
    'file:///x.git',
    'ext::sh -c id',
    'https://h/x.tar',
    'C:x',
  ])('parseGitUrl() leaves %s to others', (text) => expect(parseGitUrl(text)).toBeUndefined())

  test('parseGitUrl() takes the password out of the remote', () => {
    const found = parseGitUrl('https://me:s%40cret@h.example/a.git#x')
    expect(found?.userinfo).toBe('me:s@cret')
    expect(JSON.stringify(found?.source)).not.toContain('cret')
  })

  test.each([
    'https://h/x.git#--upload-pack=touch /tmp/x',
    'https://h/x.git#-x',
    'https://h/x.git#a b',
    'https://h/x.git#a..b',
    'https://h/x.git#a@{1}',
    'https://h/x.git#HEAD^',
    'https://h/x.git#+refs/*',
    'https://h/x.git#a*',
    'https://h/x.git#main:../..',
    'https://h/x.git#main:a/../b',
    'https://h/x.git?ref=-x',
    'https://h/x.git?ref=a#b',
    'https://h/x.git?ref=a&ref=b',
    'https://h/x.git?branch=a&tag=b',
    'https://h/x.git?checksum=zz',
    'https://h/x.git?submodules=maybe',
    'ssh://-oProxyCommand=id/x',
    'ssh://a:b@h/x',
    'git@h:-x',
  ])('parseGitUrl() refuses %s', (text) => {
    let error: unknown
    try {
      parseGitUrl(text)
    } catch (thrown) {
      error = thrown
    }
    expect(isStrakeError(error, 'INVALID')).toBe(true)
  })

  test('parseGitUrl() suggests an option for a misspelt one, and shows no password', () => {
    expect(() => parseGitUrl('https://a:secret@h/x.git?brnch=a')).toThrow(
      'Cannot use the git repository https://h/x.git?brnch=a: there is no option "brnch"',
    )
  })
})

test('parseGitUrl() asks for no ref when a commit is to be fetched by its hash', () => {
  const commit = 'a'.repeat(40)
  const url = 'https://host/name.git'
  const source = { remote: url, submodules: true, checksum: commit }
  expect(parseGitUrl(`${url}?branch=main&commit=${commit}&fetch-by-commit=true`)?.source).toEqual({
    ...source,
    ref: commit,
  })
  expect(parseGitUrl(`${url}?branch=main&commit=${commit}`)?.source).toEqual({
    ...source,
    ref: 'refs/heads/main',
  })
  expect(() => parseGitUrl(`${url}?branch=main&commit=abcd&fetch-by-commit`)).toThrow(
    'fetch-by-commit needs the whole hash of a commit',
  )
})
