import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer } from '../model/record.ts'
import { until } from '../testing/client.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { openBytes, type User, users } from '../testing/user.ts'
import { attachContainer } from './attach.ts'
import { killContainer, resizeContainer } from './control.ts'
import { type ExecEnd, type ExecOptions, execInContainer } from './exec.ts'
import type { ForegroundOptions, RunEnd } from './foreground.ts'
import { readLogs } from './logs.ts'
import { removeContainer } from './remove.ts'
import { runContainer, runDetached } from './run.ts'

let bed: Testbed

const large = Buffer.from(
  Array.from({ length: 300_000 }, (_, index) => `${String(index).padStart(9, '0')}\n`).join(''),
)

describe.skipIf(cannotRun !== undefined)(`streams${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
  })

  test('exec has a terminal of the given size, and the detach keys leave the process running', async () => {
    const id = await start({ command: ['sleep', '100'] })
    const user = openBytes()
    const consoleSize = { rows: 30, columns: 100 }
    const command = sh('stty size; read x; echo "<$x>"; cat')
    const ended = exec(user, id, { command, consoleSize, tty: true })
    await until(() => user.text().out.includes('30 100\r\n'))
    await user.type('word\r')
    await until(() => user.text().out.includes('<word>\r\n'))
    await user.type('\x10\x11')
    expect(await ended).toEqual({ type: 'detached' })
    await user.close()
    const looking = openBytes()
    await exec(looking, id, { command: ['ps'], interactive: false })
    await looking.close()
    expect(looking.text().out).toContain('cat')
    await removeContainer(bed.context, id, { force: true })
  })

  for (const [name, open] of users) {
    describe(name, () => {
      test('run passes on the end of the input, all output and the exit code', async () => {
        const user = open()
        const ended = run(user, { command: sh('cat; echo end; echo err >&2; exit 3') })
        await user.type('first\n')
        await until(() => user.text().out === 'first\n')
        await user.type('second\n')
        await user.endInput()
        expect(await ended).toMatchObject({ type: 'exited', code: 3 })
        await user.close()
        expect(user.text()).toEqual({ out: 'first\nsecond\nend\n', err: 'err\n' })
      })

      test('run loses no bytes in either direction if the user reads late', async () => {
        const user = open({ isSlow: true })
        const ended = run(user, { command: ['cat'] })
        const typed = user.type(large).then(() => user.endInput())
        await Bun.sleep(100)
        user.read()
        expect(await ended).toMatchObject({ type: 'exited', code: 0 })
        await typed
        await user.close()
        expect(Buffer.from(user.text().out).equals(large)).toBe(true)
      })

      test('attach joins a running container, and the detach keys leave it running', async () => {
        const id = await start({ command: ['cat'], tty: true })
        const user = open()
        const ended = attachContainer(bed.context, id, { streams: user.streams })
        await user.type('hello\r')
        await until(() => user.text().out.includes('hello\r\nhello\r\n'))
        await user.type('\x10\x11')
        expect(await ended).toEqual({ type: 'detached' })
        await user.close()
        expect(getContainer(bed.context, id).state.status).toBe('running')
        await removeContainer(bed.context, id, { force: true })
      })

      test('attach leaves a container when its signal aborts, and otherwise ends with it', async () => {
        const id = await start({ command: sh('read x; exit 5') })
        const leaving = new AbortController()
        const { signal } = leaving
        const [first, second] = [open(), open()]
        const left = attachContainer(bed.context, id, { streams: first.streams, signal })
        const ended = attachContainer(bed.context, id, { streams: second.streams })
        leaving.abort()
        expect(await left).toEqual({ type: 'detached' })
        await second.type('x\n')
        expect(await ended).toEqual({ type: 'exited', code: 5 })
        await Promise.all([first.close(), second.close()])
      })

      test('exec loses no bytes in either direction if the user reads late', async () => {
        const id = await start({ command: ['sleep', '100'] })
        const user = open({ isSlow: true })
        const ended = exec(user, id, { command: sh('cat; echo err >&2; exit 6') })
        const typed = user.type(large).then(() => user.endInput())
        await Bun.sleep(100)
        user.read()
        expect(await ended).toEqual({ type: 'exited', code: 6 })
        await typed
        await user.close()
        expect(Buffer.from(user.text().out).equals(large)).toBe(true)
        expect(user.text().err).toBe('err\n')
        await removeContainer(bed.context, id, { force: true })
      })

      test('exec ends with its process, even if a child of the process keeps the output open', async () => {
        const id = await start({ command: ['sleep', '100'] })
        const user = open()
        const script = '(sleep 0.3; echo late) & sleep 90 & echo early'
        expect(await exec(user, id, { command: sh(script) })).toEqual({ type: 'exited', code: 0 })
        await user.close()
        expect(user.text().out).toBe('early\nlate\n')
        await removeContainer(bed.context, id, { force: true })
      })

      test('a session ends when its user has gone, and the container keeps running', async () => {
        const script = 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done'
        const user = open()
        const ended = run(user, { command: sh(script), name: `left-${name}` })
        await until(() => user.text().out.includes('1\n'))
        const { id } = getContainer(bed.context, `left-${name}`)
        const other = open()
        const attached = attachContainer(bed.context, id, { streams: other.streams })
        const both = Promise.allSettled([ended, attached])
        for (const one of [user, other]) one.hangUp()
        for (const end of await both) {
          expect(end).toMatchObject({ status: 'rejected', reason: { exitCode: 1 } })
        }
        expect(getContainer(bed.context, id).state.status).toBe('running')
        const before = await lastLog(id)
        await until(async () => (await lastLog(id)) > before)
        await killContainer(bed.context, id)
      })

      test('a terminal has the given size, and follows every later size', async () => {
        const user = open()
        const command = sh('read x; stty size; read x; stty size')
        const consoleSize = { rows: 30, columns: 100 }
        const ended = run(user, { name: `sized-${name}`, tty: true, command }, { consoleSize })
        await user.type('\r')
        await until(() => user.text().out.includes('30 100\r\n'))
        const { id } = getContainer(bed.context, `sized-${name}`)
        await resizeContainer(bed.context, getContainer(bed.context, id), {
          rows: 40,
          columns: 120,
        })
        await user.type('\r')
        expect(await ended).toMatchObject({ type: 'exited', code: 0 })
        await user.close()
        expect(user.text().out).toContain('40 120\r\n')
      })
    })
  }
})

function base(): ContainerOptions {
  return { image: bed.image, network: 'none' }
}

function sh(script: string): readonly string[] {
  return ['sh', '-c', script]
}

function run(
  { streams }: User,
  options: Partial<ContainerOptions>,
  more: ForegroundOptions = {},
): Promise<RunEnd> {
  const container = { ...base(), interactive: true, remove: true, ...options }
  return runContainer(bed.context, container, { streams, ...more })
}

function exec({ streams }: User, id: string, options: ExecOptions): Promise<ExecEnd> {
  return execInContainer(bed.context, id, { interactive: true, ...options, streams })
}

async function start(options: Partial<ContainerOptions>): Promise<string> {
  const { id } = await runDetached(bed.context, { ...base(), interactive: true, ...options })
  return id
}

async function lastLog(id: string): Promise<number> {
  const texts = await Array.fromAsync(readLogs(bed.context, id), ({ text }) => text)
  return Number(texts.at(-1))
}
