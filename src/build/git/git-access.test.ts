import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { type GitCredentials, type GitTarget, prepareAccess } from './git-access.ts'

let directory: TemporaryDirectory
let count = 0
beforeAll(async () => {
  directory = await mkdtempDisposable(tmpdir(), "strake git's-access-")
})
afterAll(() => directory[Symbol.asyncDispose]())

const prepare = async (
  target: Partial<GitTarget> & { readonly remote: string },
  secrets: Readonly<Record<string, string>> = {},
  more: Partial<GitCredentials> = {},
) => {
  const home = `${directory.path}/${count++}`
  const env = await prepareAccess(
    home,
    { isNamed: true, ...target },
    {
      secrets: new Map(Object.entries(secrets).map(([id, text]) => [id, Buffer.from(text)])),
      agents: new Map(),
      userinfo: new Map(),
      env: { PATH: '/evil', GIT_SSH: '/evil', HTTPS_PROXY: 'http://p:1', HOME: '/root' },
      ...more,
    },
  )
  return { env, file: `${home}/.gitconfig`, text: readFileSync(`${home}/.gitconfig`, 'utf8') }
}

/** The value that git itself reads. */
const read = (file: string, ...args: readonly string[]): string =>
  execFileSync('git', ['config', '--file', file, ...args])
    .toString()
    .trim()

describe('prepareAccess()', () => {
  test('prepareAccess() passes only the proxy variables of the user to git', async () => {
    const { env } = await prepare({ remote: 'https://h/x.git' })
    expect(env).not.toHaveProperty('GIT_SSH')
    expect(env['PATH']).not.toContain('evil')
    expect(env['HTTPS_PROXY']).toBe('http://p:1')
    expect(env['GIT_ALLOW_PROTOCOL']).toBe('http:https:ssh:git')
    expect(env['HOME']).toStartWith(directory.path)
  })

  test('prepareAccess() writes a configuration that git can read, and only this user', async () => {
    const { file } = await prepare({ remote: 'https://h/x.git' }, { GIT_AUTH_TOKEN: 't' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(read(file, 'core.hooksPath')).toBe('/dev/null')
    expect(read(file, 'core.fsmonitor')).toBe('false')
    const header = read(file, '--get-urlmatch', 'http.extraHeader', 'https://h/x.git')
    expect(header).toBe(
      `Authorization: Basic ${Buffer.from('x-access-token:t').toString('base64')}`,
    )
  })

  test('prepareAccess() sends a secret to its host only, with TLS, and to no submodule', async () => {
    const none = async (target: Parameters<typeof prepare>[0], secrets: Record<string, string>) =>
      expect((await prepare(target, secrets)).text).not.toContain('extraHeader')
    await none({ remote: 'https://h/x.git' }, { 'GIT_AUTH_TOKEN.other': 't' })
    await none({ remote: 'http://h/x.git' }, { GIT_AUTH_TOKEN: 't' })
    await none({ remote: 'https://h/x.git', isNamed: false }, { GIT_AUTH_TOKEN: 't' })
    await none({ remote: 'git@h:x.git' }, { GIT_AUTH_TOKEN: 't' })
    await none({ remote: 'https://h/x.git' }, { GIT_AUTH_HEADER: 'a\nhelper = !id' })
    const own = { 'GIT_AUTH_HEADER.h': 'Bearer "x\\y"', GIT_AUTH_TOKEN: 't' }
    const { file } = await prepare({ remote: 'https://h/x.git', isNamed: false }, own)
    expect(read(file, 'http.https://h/.extraHeader')).toBe('Authorization: Bearer "x\\y"')
  })

  test('prepareAccess() pins the address that was checked, and follows no redirect', async () => {
    const { file } = await prepare({ remote: 'https://h:8443/x.git', address: '2001:db8::1' })
    expect(read(file, 'http.curloptResolve')).toBe('h:8443:[2001:db8::1]')
    expect(read(file, 'http.followRedirects')).toBe('false')
    const ssh = (await prepare({ remote: 'git@h:x', address: '203.0.113.1' })).env
    expect(ssh['GIT_SSH_COMMAND']).toContain("'HostName=203.0.113.1'")
    expect(ssh['GIT_SSH_COMMAND']).toContain("'HostKeyAlias=h'")
  })

  test('prepareAccess() lets SSH use only keys of the agent that the user names', async () => {
    const without = (await prepare({ remote: 'git@h:x' })).env
    expect(without['GIT_SSH_COMMAND']).toContain("'IdentityAgent=none'")
    expect(without['GIT_SSH_COMMAND']).toContain("'IdentityFile=none'")
    expect(without).not.toHaveProperty('SSH_AUTH_SOCK')
    const agents = new Map([['default', { socket: '/s', isRaw: false }]])
    const { env } = await prepare({ remote: 'git@h:x' }, {}, { agents })
    expect(env['SSH_AUTH_SOCK']).toBe('/s')
    // The shell that git starts reads the words as they are meant, blanks and quotes included.
    const words = execFileSync('/bin/sh', [
      '-c',
      `printf '%s\\n' ${env['GIT_SSH_COMMAND']?.slice('ssh '.length)}`,
    ]).toString()
    expect(words).toContain(`UserKnownHostsFile="${env['HOME']}/known_hosts" "`)
  })
})
