import { expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  familiarReference,
  formatReference,
  isRepositoryName,
  isTag,
  parseReference,
} from './reference.ts'

const digest = `sha256:${'0f'.repeat(32)}`

/** Texts of users, with the canonical name and the short one. */
const accepted: readonly (readonly [typed: string, canonical: string, familiar: string])[] = [
  ['alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['alpine:3', 'docker.io/library/alpine:3', 'alpine:3'],
  ['library/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['docker.io/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['docker.io/library/alpine:3', 'docker.io/library/alpine:3', 'alpine:3'],
  ['index.docker.io/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['index.docker.io/user/app:1', 'docker.io/user/app:1', 'user/app:1'],
  ['user/app', 'docker.io/user/app:latest', 'user/app:latest'],
  ['docker.io/library/foo/bar', 'docker.io/library/foo/bar:latest', 'library/foo/bar:latest'],
  ['docker.io/foo.com/app', 'docker.io/foo.com/app:latest', 'docker.io/foo.com/app:latest'],
  ['docker.io/localhost/app', 'docker.io/localhost/app:latest', 'docker.io/localhost/app:latest'],
  ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
  ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ['localhost', 'docker.io/library/localhost:latest', 'localhost:latest'],
  ['host:5000', 'docker.io/library/host:5000', 'host:5000'],
  ['quay.io/a/b/c', 'quay.io/a/b/c:latest', 'quay.io/a/b/c:latest'],
  ['127.0.0.1:5000/app', '127.0.0.1:5000/app:latest', '127.0.0.1:5000/app:latest'],
  ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
  ['[2001:db8::1]/app:1', '[2001:db8::1]/app:1', '[2001:db8::1]/app:1'],
  ['Uppercase/app', 'Uppercase/app:latest', 'Uppercase/app:latest'],
  ['xn--n3h.com/app', 'xn--n3h.com/app:latest', 'xn--n3h.com/app:latest'],
  ['a__b/c-d/e.f_g---h', 'docker.io/a__b/c-d/e.f_g---h:latest', 'a__b/c-d/e.f_g---h:latest'],
  [`app@${digest}`, `docker.io/library/app@${digest}`, `app@${digest}`],
  [`app:1@${digest}`, `docker.io/library/app:1@${digest}`, `app:1@${digest}`],
  [`h:1/app:1@${digest}`, `h:1/app:1@${digest}`, `h:1/app:1@${digest}`],
  [`x/${'a'.repeat(253)}`, `docker.io/x/${'a'.repeat(253)}:latest`, `x/${'a'.repeat(253)}:latest`],
  [`a:${'t'.repeat(128)}`, `docker.io/library/a:${'t'.repeat(128)}`, `a:${'t'.repeat(128)}`],
  [
    `docker.io/${'ab'.repeat(32)}:1`,
    `docker.io/library/${'ab'.repeat(32)}:1`,
    `${'ab'.repeat(32)}:1`,
  ],
]

for (const [typed, canonical, familiar] of accepted) {
  test(`parseReference() reads ${typed.slice(0, 40)} as ${canonical.slice(0, 60)}`, () => {
    const reference = parseReference(typed)
    expect(formatReference(reference)).toBe(canonical)
    expect(familiarReference(reference)).toBe(familiar)
  })
}

const refused: readonly (readonly [typed: string, reason: string])[] = [
  ['', 'it is empty'],
  [':latest', 'the repository is missing'],
  ['localhost/', 'the repository is missing'],
  ['app:', 'the tag after the colon is missing'],
  ['App', 'the repository must be lowercase'],
  ['user/App:1', 'the repository must be lowercase'],
  ['docker.io/User/app', 'the repository must be lowercase'],
  [' app', 'is not a repository'],
  ['app ', 'is not a repository'],
  ['a//b', 'is not a repository'],
  ['/app', 'is not a repository'],
  ['app/', 'is not a repository'],
  ['-app', 'is not a repository'],
  ['a._b', 'is not a repository'],
  ['a...b', 'is not a repository'],
  ['a/../b', 'is not a repository'],
  ['a/%2e%2e/b', 'is not a repository'],
  ['../a', `".." is not a registry's host`],
  ['a@b:c', 'the algorithm is not'],
  ['http://host/app', `"http:" is not a registry's host`],
  ['-host.com/app', `"-host.com" is not a registry's host`],
  ['[::1/app', `"[::1" is not a registry's host`],
  ['[fe80::1%eth0]:5000/app', `is not a registry's host`],
  ['host:port/app', `"host:port" is not a registry's host`],
  ['user@host.com/app', 'it is not of the form algorithm:hex'],
  ['app:.1', 'is not a tag'],
  ['app:-1', 'is not a tag'],
  ['app:a/b', `"app:a" is not a registry's host`],
  ['app:a b', 'is not a tag'],
  [`app:${'t'.repeat(129)}`, 'the tag is longer than 128 characters'],
  [`x/${'a'.repeat(254)}`, 'the repository is longer than 255 characters'],
  ['app@sha256:0f', 'sha256 has 64 digits, not 2'],
  [`app@${digest.toUpperCase()}`, 'the algorithm is not'],
  [`app@${digest}@${digest}`, 'sha256 has 64 digits'],
  ['0f'.repeat(32), '64 hexadecimal digits name an image ID'],
]

for (const [typed, reason] of refused) {
  test(`parseReference() refuses ${JSON.stringify(typed.slice(0, 40))}: ${reason}`, () => {
    expect(() => parseReference(typed)).toThrow(reason)
  })
}

test('parseReference() throws the code and the remedy of its refusal', () => {
  expect(() => parseReference('user/App')).toThrow(
    expect.objectContaining({ code: 'NAME_INVALID', remedy: 'write user/app' }),
  )
  expect(() => parseReference('a@sha256:0')).toThrow(
    expect.objectContaining({ code: 'DIGEST_INVALID' }),
  )
})

const word = fc.stringMatching(/^[a-z0-9]{1,6}$/)
const host = fc.constantFrom(
  'docker.io',
  'localhost',
  'localhost:5000',
  'ghcr.io',
  '[::1]:80',
  'Host',
)
const reference = fc.record(
  {
    registry: host,
    repository: fc.array(word, { minLength: 2, maxLength: 4 }).map((words) => words.join('/')),
    tag: fc.stringMatching(/^\w[\w.-]{0,8}$/),
  },
  { requiredKeys: ['registry', 'repository', 'tag'] },
)

test('parseReference() reads the output of both formats', () => {
  fc.assert(
    fc.property(reference, (made) => {
      expect(parseReference(formatReference(made))).toEqual(made)
      expect(parseReference(familiarReference(made))).toEqual(made)
    }),
  )
})

test('parseReference() accepts only repositories and tags that are safe in a path', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      try {
        const { repository, tag } = parseReference(text)
        return isRepositoryName(repository) && (tag === undefined || isTag(tag))
      } catch {
        return true
      }
    }),
    { numRuns: 2000 },
  )
})

test('isRepositoryName() accepts names of up to 255 characters', () => {
  expect(isRepositoryName('a'.repeat(255))).toBe(true)
  expect(isRepositoryName('a'.repeat(256))).toBe(false)
  expect(isRepositoryName(`a/${'b/'.repeat(126)}c`)).toBe(true)
})

test('familiarReference() writes no name that looks like an image ID', () => {
  const reference = { registry: 'docker.io', repository: `library/${'0f'.repeat(32)}` }
  expect(familiarReference(reference)).toBe(`docker.io/library/${'0f'.repeat(32)}`)
})
