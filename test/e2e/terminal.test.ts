import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { until } from './servers.ts'
import { missing, openStrake, type Strake } from './strake.ts'
import { openTerminal, type Terminal } from './terminal.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: terminal: ${reason}`)

describe.skipIf(reason !== undefined)('a terminal', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const open = (...args: readonly string[]): Terminal => openTerminal(strake, args)

  test('run -it has its size, follows its changes, and ends with the exit code', async () => {
    const terminal = open('run', '-it', '--rm', '--network', 'none', 'busybox', 'sh')
    terminal.type('stty size\n')
    await terminal.shows('24 80')
    terminal.resize(100, 30)
    await until(async () => {
      terminal.type('stty size\n')
      await Bun.sleep(50)
      return terminal.text().includes('30 100')
    })
    terminal.type('exit 7\n')
    expect(await terminal.exited).toBe(7)
  }, 30_000)

  test('Ctrl-C interrupts the program in the container, not strake', async () => {
    const terminal = open('run', '-it', '--rm', '--network', 'none', 'busybox', 'sh')
    terminal.type('echo rea""dy; sleep 60; echo went""on\n')
    await terminal.shows('ready')
    terminal.type('\u0003')
    terminal.type('echo still""here; exit 3\n')
    await terminal.shows('stillhere')
    expect(terminal.text()).not.toContain('wenton')
    expect(await terminal.exited).toBe(3)
  }, 30_000)

  test('detach keys leave a container running, attach joins it again', async () => {
    const first = open('run', '-it', '--name', 'shell', '--network', 'none', 'busybox', 'sh')
    first.type('word=remem""bered; echo rea""dy\n')
    await first.shows('ready')
    first.type('\u0010\u0011')
    await first.exited
    expect(await strake.ok('ps', '--format', 'json')).toContain('"Names":"shell"')
    const second = open('attach', 'shell')
    second.type('echo $word again\n')
    await second.shows('remembered again')
    second.type('exit 4\n')
    expect(await second.exited).toBe(4)
    expect(await strake.ok('wait', 'shell')).toBe('4')
    await strake.ok('rm', 'shell')
  }, 30_000)

  test('exec -it runs a shell in a running container', async () => {
    await strake.ok('run', '-d', '--name', 'host', '--network', 'none', 'busybox', 'sleep', '60')
    const terminal = open('exec', '-it', 'host', 'sh')
    terminal.type('tty && exit 5\n')
    await terminal.shows('/dev/pts/')
    expect(await terminal.exited).toBe(5)
    await strake.ok('rm', '-f', 'host')
  }, 30_000)

  test('Ctrl-C ends a build with its running step, and leaves nothing', async () => {
    const context = join(strake.directory, 'slow')
    mkdirSync(context)
    const step = 'FROM busybox\nRUN --network=none echo rea""dy; sleep 600\n'
    writeFileSync(join(context, 'Dockerfile'), step)
    const terminal = open('build', context)
    await terminal.shows('=> # ready')
    terminal.type('\u0003')
    expect(await terminal.exited).toBe(130)
    expect(terminal.text()).toContain('CANCELED')
    expect(readdirSync(join(strake.env['STRAKE_RUN'] ?? '', 'builds'))).toEqual([])
  }, 30_000)
})
