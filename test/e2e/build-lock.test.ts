import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { serveStrakeRegistry } from './servers.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'unshare')
if (reason) console.info(`skipped: build --lock: ${reason}`)

const idOf = ({ stderr }: { readonly stderr: string }): string | undefined =>
  /writing image (sha256:\w+)/.exec(stderr)?.[1]

describe.skipIf(reason !== undefined)('build --lock, --locked, --offline and lock update', () => {
  let strake: Strake
  let context: string
  const dockerfile = (base: string): string =>
    `# syntax=docker/dockerfile:1\nFROM ${base} AS one\nRUN echo 1 > /f\nFROM ${base}\nCOPY --from=one /f /f\n`
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: dockerfile('busybox'),
    })
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  test('a frozen build without any network gives the image that was locked', async () => {
    const first = await strake('build', '--lock', context)
    expect(first).toMatchObject({ exitCode: 0 })
    const lock = JSON.parse(await readFile(`${context}/build.lock`, 'utf8'))
    expect(lock).toMatchObject({
      version: 1,
      sources: [
        { kind: 'frontend', reference: 'docker/dockerfile:1' },
        { kind: 'image', reference: 'docker.io/library/busybox:latest' },
      ],
    })
    const frozen = await command(
      ['unshare', '--net', program, 'build', '--frozen', '--no-cache', context],
      { env: { PATH: process.env['PATH'] ?? '', ...strake.env } },
    )
    expect(frozen).toMatchObject({ exitCode: 0 })
    expect(idOf(frozen)).toBe(idOf(first) ?? '')
  })

  test('RUN of an offline build has no network, and an absent image is named', async () => {
    const text = 'FROM busybox\nRUN ls /sys/class/net > /n && [ "$(cat /n)" = lo ]\n'
    await writeFile(`${context}/Offline`, text)
    expect(await strake('build', '--offline', '-f', `${context}/Offline`, context)).toMatchObject({
      exitCode: 0,
    })
    await writeFile(`${context}/Offline`, 'FROM absent\n')
    const absent = await strake('build', '--offline', '-f', `${context}/Offline`, context)
    expect(absent.exitCode).toBe(1)
    expect(absent.stderr).toContain(
      'Cannot use absent as a base: it is not in the store, and the build is offline',
    )
    await writeFile(`${context}/Offline`, 'FROM scratch\nADD https://example.com/f /\n')
    const added = await strake('build', '--offline', '-f', `${context}/Offline`, context)
    expect(added.stderr).toContain('Cannot read https://example.com/f: the build is offline')
  })

  test('a locked build uses the locked version of a tag that moved, and refuses other images', async () => {
    await using server = await serveStrakeRegistry(strake)
    const base = `${server.host}/base:1`
    await strake.ok('tag', 'busybox', base)
    await strake.ok('push', base)
    await writeFile(`${context}/Dockerfile`, dockerfile(base))
    const updated = await strake('lock', 'update', '--why', context)
    expect(updated.stdout).toContain(`added    ${base} for linux/`)
    expect(updated.stdout).toMatch(
      new RegExp(` {9}line 2: FROM ${base}\\n {9}line 4: FROM ${base}\\n`),
    )
    expect(updated.stdout).toContain('removed  docker.io/library/busybox:latest for linux/')
    const first = await strake('build', '--locked', context)
    expect(first).toMatchObject({ exitCode: 0 })

    await writeFile(`${context}/Moved`, 'FROM busybox\nRUN echo > /moved\n')
    await strake.ok('build', '-t', base, '-f', `${context}/Moved`, context)
    await strake.ok('push', base)
    const same = await strake('build', '--locked', '--no-cache', context)
    expect(idOf(same)).toBe(idOf(first) ?? '')
    const newer = await strake('build', context)
    expect(idOf(newer)).not.toBe(idOf(first) ?? '')

    const preview = await strake('lock', 'update', '--dry-run', '--why', context)
    expect(preview.stdout).toMatch(
      new RegExp(
        `^changed {2}${base} for linux/\\S+\n {9}sha256:\\w{64} -> sha256:\\w{64}\n {9}line 2: FROM ${base}\n {9}line 4: FROM ${base}\n$`,
      ),
    )
    const again = await strake('build', '--locked', context)
    expect(idOf(again)).toBe(idOf(first) ?? '')
    await strake.ok('lock', 'update', context)
    expect(await strake.ok('lock', 'update', context)).toBe(
      `${context}/build.lock has the present versions`,
    )
    expect(idOf(await strake('build', '--locked', context))).toBe(idOf(newer) ?? '')

    await writeFile(`${context}/Other`, 'FROM busybox\n')
    const other = await strake('build', '--locked', '-f', `${context}/Other`, context)
    expect(other.exitCode).toBe(1)
    expect(other.stderr).toContain('Cannot use docker.io/library/busybox:latest for linux/')
    expect(other.stderr).toContain('the lock file does not have it')
  })

  test('lock update keeps an image that only the store has, and build --lock names its file', async () => {
    await strake.ok('tag', 'busybox', 'own.example.test/only-here:1')
    await writeFile(`${context}/Dockerfile`, 'FROM own.example.test/only-here:1\nRUN true\n')
    const updated = await strake('lock', 'update', context)
    expect(updated).toMatchObject({ exitCode: 0 })
    expect(updated.stdout).toContain('added    own.example.test/only-here:1 for linux/')
    const locked = await strake('build', '--lock', context)
    expect(locked.stderr).toEndWith(`writing the lock file ${context}/build.lock\n`)
    expect(await strake.ok('lock', 'update', context)).toContain('has the present versions')
    const absent = 'FROM own.example.test/nowhere:1\n'
    await writeFile(`${context}/Dockerfile`, absent)
    expect((await strake('lock', 'update', context)).exitCode).toBe(1)
  })

  test('options that exclude each other, and lock files that are not valid, are refused', async () => {
    const refusals = [
      [['--lock', '--locked'], 'Cannot use --lock together with --locked'],
      [['--frozen', '--pull'], 'Cannot use --pull together with --frozen'],
      [['--offline', '--push'], 'Cannot use --push together with --offline'],
      [['--lock-file', 'x'], 'Cannot use --lock-file alone'],
      [['--locked', '--lock-file', `${context}/Dockerfile`], 'Dockerfile: it is not JSON'],
      [['--locked', '--lock-file', `${context}/none`], 'none: there is no such file'],
    ] as const
    for (const [options, sentence] of refusals) {
      const { exitCode, stderr } = await strake('build', ...options, context)
      expect([options, exitCode]).toEqual([options, 1])
      expect(stderr).toContain(sentence)
    }
  })
})
