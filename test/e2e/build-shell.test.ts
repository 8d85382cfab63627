import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'
import { openTerminal, type Terminal } from './terminal.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: shells in builds: ${reason}`)

const dockerfile = `FROM busybox AS base
ENV COLOR=blue
WORKDIR /work
RUN echo one >one

FROM base AS app
USER user
RUN --mount=type=secret,id=token,uid=1000 --mount=type=cache,target=/cache,uid=1000 \\
    echo started && false
COPY Dockerfile /copied
`

describe.skipIf(reason !== undefined)('a shell in a build', () => {
  let strake: Strake
  let context = ''

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    context = join(strake.directory, 'context')
    mkdirSync(context)
    writeFileSync(join(context, 'Dockerfile'), dockerfile)
    writeFileSync(join(strake.directory, 'token'), 'sesame')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const build = (...args: readonly string[]): Terminal =>
    openTerminal(strake, ['build', '--network', 'none', ...args, context])

  test('--debug-on-failure opens it where the RUN failed, then fails as the RUN did', async () => {
    const secret = `id=token,src=${join(strake.directory, 'token')}`
    const terminal = build('--debug-on-failure', '--secret', secret)
    await terminal.shows('A shell in [app 1/2] RUN')
    expect(terminal.text()).toContain('started')
    terminal.type('echo $COLOR/$(pwd)/$(id -u)/$(cat one)/$(cat /run/secrets/token)\n')
    await terminal.shows('blue//work/1000/one/sesame')
    terminal.type('touch /cache/ok && echo can""write; stty size; exit 9\n')
    await terminal.shows('canwrite')
    await terminal.shows('24 80')
    expect(await terminal.exited).toBe(1)
    expect(terminal.text()).toContain('exited with code 1')
    expect(readdirSync(join(strake.env['STRAKE_RUN'] ?? '', 'builds'))).toEqual([])
  }, 60_000)

  test('--debug-on-failure opens it before the COPY, ADD or WORKDIR that failed', async () => {
    const file = join(strake.directory, 'files')
    const failing = async (last: string): Promise<Terminal> => {
      writeFileSync(file, `${dockerfile.split('FROM base AS app')[0]}\nFROM base\n${last}\n`)
      const terminal = build('--debug-on-failure', '--no-cache', '-f', file)
      await terminal.shows(`A shell before ${last}`)
      return terminal
    }
    const copy = await failing('COPY --from=base /work/two /x')
    expect(copy.text()).toContain('whose files are in /run/source')
    copy.type('echo $COLOR/$(pwd)/$(cat /run/source/work/one); touch /x; exit 7\n')
    await copy.shows('blue//work/one')
    expect(await copy.exited).toBe(1)
    expect(copy.text()).toContain('Cannot copy work/two: it is not in that stage')

    const absent = await failing('ADD none /x')
    absent.type('echo $(cat one)/$(ls /run)/; exit\n')
    await absent.shows('one//')
    expect(await absent.exited).toBe(1)

    const below = await failing('WORKDIR /work/one/below')
    below.type('exit\n')
    expect(await below.exited).toBe(1)
    expect(readdirSync(join(strake.env['STRAKE_RUN'] ?? '', 'builds'))).toEqual([])
  }, 60_000)

  test('--shell opens it after a stage or a line, and drops its changes', async () => {
    const after = build('--shell', 'base')
    await after.shows('A shell after [3/4] RUN echo one')
    after.type('echo $COLOR/$(cat one); echo changed >one; exit\n')
    await after.shows('blue/one')
    expect(await after.exited).toBe(0)

    // After ENV and WORKDIR, before RUN.
    const before = build('--shell', 'base:3')
    await before.shows('A shell after [2/3] WORKDIR')
    before.type('echo $COLOR/$(pwd)/$(ls | wc -l); exit\n')
    await before.shows('blue//work/0')
    expect(await before.exited).toBe(0)

    const again = build('--shell', ':4')
    await again.shows('A shell after')
    again.type('cat one; exit\n')
    await again.shows('one')
    expect(again.text()).not.toContain('changed')
    expect(await again.exited).toBe(0)
    expect(readdirSync(join(strake.env['STRAKE_RUN'] ?? '', 'builds'))).toEqual([])
  }, 60_000)

  test('it is refused in one sentence without a terminal, and at a line outside the stage', async () => {
    const pipe = await strake('build', '--debug-on-failure', context)
    expect(pipe.exitCode).toBe(1)
    expect(pipe.stderr).toContain(
      'Cannot open a shell: standard input and output must be a terminal',
    )
    const outside = build('--shell', 'base:40')
    await outside.shows('the stage has the lines 1 to 4')
    expect(await outside.exited).toBe(1)
    const unknown = build('--shell', 'bse')
    await unknown.shows('did you mean base')
    expect(await unknown.exited).toBe(1)
  }, 60_000)
})
