import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('curl')
if (reason) console.info(`skipped: compose: ${reason}`)

/** In place of Compose: asks the server, tells what it was given, and ends as it is told. */
const standIn = `#!/bin/sh
[ "$1" = wait ] && { trap 'echo stopped; exit 9' TERM; echo ready; while :; do sleep 0.1; done; }
curl -s --unix-socket "\${DOCKER_HOST#unix://}" http://docker/_ping
echo " $DOCKER_CONTEXT$DOCKER_TLS_VERIFY $*"
exit 3
`

describe.skipIf(reason !== undefined)('compose', () => {
  let strake: Strake
  let env: Readonly<Record<string, string>>

  beforeAll(async () => {
    strake = await openStrake()
    const bin = join(strake.directory, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'docker-compose'), standIn)
    chmodSync(join(bin, 'docker-compose'), 0o755)
    env = { PATH: `${bin}:${process.env['PATH']}`, DOCKER_CONTEXT: 'far', DOCKER_TLS_VERIFY: '1' }
  })
  afterAll(async () => strake?.[Symbol.asyncDispose]())

  const sockets = (): readonly string[] =>
    readdirSync(join(strake.directory, 'run')).filter((name) => name.startsWith('api-'))

  test('runs Compose with a server of its own, and passes words and exit code on', async () => {
    const words = ['-f', 'x.yaml', 'up', '--help', '--', '-d']
    const outcome = await strake.with({ env }, 'compose', ...words)
    expect(outcome).toEqual({ exitCode: 3, stdout: `OK  ${words.join(' ')}\n`, stderr: '' })
    expect(sockets()).toEqual([])
  })

  test('passes a signal on, and ends after Compose', async () => {
    const child = Bun.spawn([program, 'compose', 'wait'], {
      env: { ...strake.env, ...env },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const reader = child.stdout.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('ready\n')
    expect(sockets()).toHaveLength(1)
    child.kill('SIGTERM')
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('stopped\n')
    expect(await child.exited).toBe(9)
    expect(sockets()).toEqual([])
  })

  test('without Compose, says what to install', async () => {
    const outcome = await strake.with({ env: { PATH: '/nowhere' } }, 'compose', 'up')
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toContain('install the package docker-compose')
  })
})
