import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: build --verify: ${reason}`)

describe.skipIf(reason !== undefined)('build --verify', () => {
  let strake: Strake
  let context: string
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: 'FROM busybox\nENV v=1\nCOPY a /a\nRUN echo made > /made\n',
      a: 'a',
    })
    await strake.ok('build', '-t', 'app', context)
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  test('exits with 0 for an image that the sources make again, and keeps no image', async () => {
    const before = await strake.ok('images', '--all', '--quiet')
    const same = await strake('build', '--verify', 'app', context)
    expect(same).toMatchObject({ exitCode: 0 })
    expect(same.stdout).toMatch(/^app is the same: sha256:\w{64}\n$/)
    expect(same.stderr).not.toContain('CACHED')
    expect(await strake.ok('images', '--all', '--quiet')).toBe(before)
  })

  test('exits with 1 and names every attribute that differs', async () => {
    await writeFile(`${context}/a`, 'b')
    const text =
      'FROM busybox\nENV v=2\nCOPY --chmod=600 a /a\nRUN echo made > /made; echo > /more\n'
    await writeFile(`${context}/Other`, text)
    const options = ['--verify', 'app', '-f', `${context}/Other`]
    const other = await strake('build', ...options, context)
    expect(other.exitCode).toBe(1)
    expect(other.stdout).toMatch(/^\/a: content sha256:\w{64} -> sha256:\w{64}$/m)
    expect(other.stdout).toMatch(/^\/a: mode 644 -> 600$/m)
    expect(other.stdout).toMatch(/^\/more: file only in the rebuilt image$/m)
    expect(other.stdout).toMatch(/^config.Env.v 1 -> 2$/m)
    expect(other.stdout).not.toContain('/made: content')
    const json = await strake('build', ...options, '--format', 'json', context)
    expect(json.exitCode).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      image: 'app',
      identical: false,
      differences: expect.arrayContaining([
        { part: 'file', path: '/a', attribute: 'mode', before: '644', after: '600' },
        { part: 'config', path: 'config.Env.v', attribute: 'value', before: '1', after: '2' },
      ]),
    })
  })

  test('names a command whose result is another one each time', async () => {
    const text = 'FROM busybox\nRUN head -c 8 /dev/urandom > /random\n'
    await writeFile(`${context}/Random`, text)
    await strake.ok('build', '-t', 'random', '-f', `${context}/Random`, context)
    const found = await strake('build', '--verify', 'random', '-f', `${context}/Random`, context)
    expect(found.exitCode).toBe(1)
    expect(found.stdout).toMatch(
      /^\/random: content sha256:\w{64} -> sha256:\w{64}\nrandom has 1 difference\n$/,
    )
  })

  test('refuses an absent image and an unknown format', async () => {
    const absent = await strake('build', '--verify', 'absent', context)
    expect(absent).toMatchObject({ exitCode: 1, stdout: '' })
    expect(absent.stderr).toContain('Cannot find image absent')
    const format = await strake('build', '--verify', 'app', '--format', 'docker', context)
    expect(format.stderr).toContain('Cannot use --format docker: --verify has only json')
  })
})
