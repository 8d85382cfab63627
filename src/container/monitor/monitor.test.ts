import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isAlive } from '#platform'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer, listContainers } from '../model/record.ts'
import { createdState } from '../model/state.ts'
import { reconcileContainers } from '../recovery/reconcile.ts'
import { join, joinCommand, lineOf, until } from '../testing/client.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { attachContainer } from '../verbs/attach.ts'
import {
  killContainer,
  pauseContainer,
  stopContainer,
  suspendContainer,
  unpauseContainer,
} from '../verbs/control.ts'
import { createContainer } from '../verbs/create.ts'
import { inspectContainer } from '../verbs/inspect.ts'
import { type LogEntry, type LogsOptions, readLogs } from '../verbs/logs.ts'
import { removeContainer } from '../verbs/remove.ts'
import { runDetached } from '../verbs/run.ts'
import { startContainer } from '../verbs/start.ts'
import { waitContainer } from '../verbs/wait.ts'

let bed: Testbed

describe.skipIf(cannotRun !== undefined)(`monitor${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
  })

  test('a monitor keeps container, log and exit code when the command is killed with SIGKILL', async () => {
    const { id } = await create({ command: ['sh', '-c', 'echo one; sleep 0.4; echo two; exit 5'] })
    const command = join(bed.context, 'run', id)
    await until(() => logText(id).includes('one'))
    command.kill('SIGKILL')
    expect(await waitContainer(bed.context, id)).toBe(5)
    expect(await logs(id)).toEqual(['one\n', 'two\n'])
    expect(getContainer(bed.context, id).state).toMatchObject({ status: 'exited', exitCode: 5 })
  })

  test('a monitor reads and writes the streams of the command', async () => {
    const { id } = await create({
      command: ['sh', '-c', 'cat; echo done; exit 3'],
      interactive: true,
    })
    const command = join(bed.context, 'run', id)
    await command.stdin?.write(new TextEncoder().encode('input\n'))
    await command.stdin?.end()
    let text = ''
    for await (const chunk of command.stdout ?? []) text += new TextDecoder().decode(chunk)
    expect({ text, code: (await command.exited).code }).toEqual({ text: 'input\ndone\n', code: 3 })
  })

  test('a monitor forwards a signal exactly once', async () => {
    const script = 'trap "echo got" USR1; trap "exit 6" TERM; echo up; while :; do sleep 0.02; done'
    const { id } = await create({ command: ['sh', '-c', script] })
    const command = join(bed.context, 'run', id)
    await until(() => logText(id).includes('up'))
    command.kill('SIGUSR1')
    await until(() => logText(id).includes('got'))
    command.kill('SIGTERM')
    expect((await command.exited).code).toBe(6)
    expect(await logs(id)).toEqual(['up\n', 'got\n'])
  })

  test('a monitor that cannot record the end of its container also ends', async () => {
    const script = 'trap "exit 6" TERM; echo up; while :; do sleep 0.02; done'
    const { id } = await create({ command: ['sh', '-c', script] })
    const command = join(bed.context, 'run', id)
    await until(() => getContainer(bed.context, id).state.status === 'running')
    await until(() => logText(id).includes('up'))
    const { state } = containerPaths(bed.context, id)
    rmSync(state)
    mkdirSync(state)
    command.kill('SIGTERM')
    expect((await command.exited).code).toBe(1)
    rmSync(state, { recursive: true })
    await removeContainer(bed.context, id, { force: true })
    expect(listContainers(bed.context).map((one) => one.id)).not.toContain(id)
  })

  test('the third signal leaves a container that does not end', async () => {
    const script = 'trap "echo got" TERM; while :; do echo up; sleep 0.02; done'
    const { id } = await create({ command: ['sh', '-c', script] })
    const caught = (): number => logText(id).split('got').length - 1
    for (const verb of ['run', 'attach']) {
      const command = join(bed.context, verb, id)
      expect(await lineOf(command)).toContain('up\n')
      const before = caught()
      for (const asked of [1, 2, 3]) {
        await until(() => caught() - before === asked - 1)
        command.kill('SIGTERM')
      }
      expect((await command.exited).code).toBe(1)
      expect(getContainer(bed.context, id).state.status).toBe('running')
    }
    await removeContainer(bed.context, id, { force: true })
  })

  test('a container keeps running when the command that is its monitor loses its reader', async () => {
    const script = 'while :; do echo x || exit 9; sleep 0.02; done'
    const { id } = await create({ command: ['sh', '-c', script], remove: true })
    const command = join(bed.context, 'watch', id)
    for await (const _ of command.stdout ?? []) break
    expect((await command.exited).code).toBe(1)
    const first = getContainer(bed.context, id).state.process
    if (first === undefined) throw new Error('it does not run')
    for (let turn = 0; turn < 20; turn++) {
      await Bun.sleep(10)
      expect(isAlive(first)).toBe(true)
    }
    process.kill(first.pid, 'SIGKILL')
    await until(() => !isAlive(first))
    await reconcileContainers(bed.context)
    // The monitor that has taken the container over may be removing it.
    await until(() => listContainers(bed.context).every((one) => one.id !== id))
  })

  test('a monitor restarts by the policy until a user stops the container', async () => {
    const { id } = await runDetached(bed.context, {
      ...base(),
      command: ['sh', '-c', 'echo run; exit 1'],
      restart: { name: 'on-failure', maximumRetryCount: 2 },
    })
    expect(await waitContainer(bed.context, id)).toBe(1)
    expect(getContainer(bed.context, id).state).toMatchObject({ status: 'exited', restartCount: 2 })
    expect(await logs(id)).toEqual(['run\n', 'run\n', 'run\n'])

    const always = await runDetached(bed.context, {
      ...base(),
      command: ['true'],
      restart: { name: 'always', maximumRetryCount: 0 },
    })
    await until(() => getContainer(bed.context, always.id).state.restartCount > 0)
    await stopContainer(bed.context, always.id)
    expect(getContainer(bed.context, always.id).state.status).toBe('exited')
  })

  test('a monitor probes health and keeps the last five results', async () => {
    const { id } = await runDetached(bed.context, {
      ...base(),
      command: ['sh', '-c', 'touch /ok; exec sleep 100'],
      health: { Test: ['CMD-SHELL', 'echo probing; ls /ok'], Interval: 30_000_000, Retries: 2 },
    })
    const health = () => inspectContainer(bed.context, id).health
    await until(() => health()?.Status === 'healthy')
    expect(health()).toMatchObject({
      FailingStreak: 0,
      Log: [{ ExitCode: 0, Output: 'probing\n/ok\n' }],
    })
    await execShell(id, 'rm /ok')
    await until(() => health()?.Status === 'unhealthy')
    await until(() => health()?.Log.length === 5)
    await removeContainer(bed.context, id, { force: true })
  })

  test('readLogs() follows to the end of the container and across rotations', async () => {
    const { id } = await runDetached(bed.context, {
      ...base(),
      command: [
        'sh',
        '-c',
        'i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); done; sleep 0.2; echo last',
      ],
      log: { maxSize: 20_000, maxFile: 3 },
    })
    const lines = await logs(id, { follow: true })
    expect(lines.at(-1)).toBe('last\n')
    expect(lines.length).toBe(new Set(lines).size)
    const { directory } = containerPaths(bed.context, id)
    expect(readdirSync(directory).filter((name) => name.includes('-json.log'))).toHaveLength(2)
    expect(await logs(id, { tail: 2 })).toEqual(['line 399\n', 'last\n'])
    expect(await logs(id, { since: new Date(Date.now() + 1000) })).toEqual([])
  })

  test('attachContainer() joins streams of a container with open input', async () => {
    const { id } = await runDetached(bed.context, {
      ...base(),
      command: ['sh', '-c', 'while read line; do echo "<$line>"; done; exit 8'],
      interactive: true,
      stdinOnce: true,
    })
    const client = join(bed.context, 'attach', id)
    await client.stdin?.write(new TextEncoder().encode('hello\n'))
    expect(await lineOf(client)).toBe('<hello>\n')
    await client.stdin?.end()
    expect((await client.exited).code).toBe(8)
    await expect(attachContainer(bed.context, id)).rejects.toThrow('it is not running')
  })

  test('pauseContainer() freezes all processes and unpauseContainer() resumes them', async () => {
    const { context } = bed
    const { id } = await runDetached(context, {
      ...base(),
      command: ['sh', '-c', 'while :; do echo x; sleep 0.02; done'],
    })
    await pauseContainer(context, id)
    expect(getContainer(context, id).state.status).toBe('paused')
    await Bun.sleep(40)
    const before = logText(id).length
    await Bun.sleep(100)
    expect(logText(id).length).toBe(before)
    await unpauseContainer(context, id)
    await until(() => logText(id).length > before)
    await pauseContainer(context, id)
    await killContainer(context, id)
    expect(await waitContainer(context, id)).toBe(137)
  })

  test('suspendContainer() pauses a container until it is disposed, and leaves a later pause alone', async () => {
    const { context } = bed
    const { id } = await runDetached(context, { ...base(), command: ['sleep', '100'] })
    const status = (): string => getContainer(context, id).state.status
    const suspended = await suspendContainer(context, id)
    expect(status()).toBe('paused')
    await suspended[Symbol.asyncDispose]()
    expect(status()).toBe('running')
    await pauseContainer(context, id)
    await expect(suspendContainer(context, id)).rejects.toThrow('it is already paused')
    expect(status()).toBe('paused')
    await removeContainer(context, id, { force: true })
  })

  test('a monitor resumes a container when the command that suspended it is killed', async () => {
    const { context } = bed
    const { id } = await runDetached(context, { ...base(), command: ['sleep', '100'] })
    const command = join(context, 'suspend', id)
    expect(await lineOf(command)).toBe('suspended\n')
    expect(getContainer(context, id).state.status).toBe('paused')
    command.kill('SIGKILL')
    await until(() => getContainer(context, id).state.status === 'running')
    await removeContainer(context, id, { force: true })
  })

  test('a terminal has its size, passes resizes and echo, and its detach keys end the session', async () => {
    const { id } = await create({ command: ['sh'], tty: true, interactive: true })
    const terminal = inTerminal('run', id)
    await terminal.type('stty size; echo $TERM\n')
    await until(() => terminal.text().includes('24 80\r\nxterm'))
    terminal.resize(100, 30)
    await terminal.type('stty size\n')
    await until(() => terminal.text().includes('30 100\r\n'))
    await terminal.type('\x10\x11')
    expect(await terminal.exited).toBe(99)
    expect(getContainer(bed.context, id).state.status).toBe('running')
    const again = inTerminal('attach', id)
    await again.type('echo again; exit 9\n')
    expect(await again.exited).toBe(9)
    expect(again.text()).toContain('again\r\n')
  })

  test('reconcileContainers() ends a container that ran before a reboot', async () => {
    const { context } = bed
    const { id } = await create({ command: ['true'] })
    const { state } = containerPaths(context, id)
    const lost = { pid: process.pid, startTime: '1', bootId: 'another' }
    const root = '/nowhere'
    const before = { ...createdState, status: 'running', process: lost, monitor: lost, root }
    writeFileSync(state, JSON.stringify(before))
    expect(getContainer(context, id).state).toMatchObject({ status: 'exited', exitCode: 137 })
    expect(await reconcileContainers(context)).toHaveLength(1)
    expect(getContainer(context, id).state.root).toBeUndefined()
    await startContainer(context, id)
    expect(await waitContainer(context, id)).toBe(0)
  })

  test('startContainer() starts a container once when two start it at the same time', async () => {
    const { context } = bed
    const { id } = await create({ command: ['sleep', '100'] })
    const results = await Promise.allSettled([
      startContainer(context, id),
      startContainer(context, id),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(getContainer(context, id).state).toMatchObject({ status: 'running', error: '' })
    await removeContainer(context, id, { force: true })
  })

  test('reconcileContainers() ends a container that lost its monitor and its process', async () => {
    const { context } = bed
    const { id } = await runDetached(context, { ...base(), command: ['sleep', '100'] })
    const { process: first, monitor } = getContainer(context, id).state
    if (first === undefined || monitor === undefined) throw new Error('it does not run')
    process.kill(monitor.pid, 'SIGKILL')
    await until(() => !isAlive(monitor))
    expect(getContainer(context, id).state.status).toBe('running')
    process.kill(first.pid, 'SIGKILL')
    await until(() => !isAlive(first))
    expect(getContainer(context, id).state).toMatchObject({ status: 'exited', exitCode: 137 })
    expect(await reconcileContainers(context)).toHaveLength(1)
    expect(await reconcileContainers(context)).toHaveLength(0)
    expect(existsSync(containerPaths(context, id).run)).toBe(false)
    await startContainer(context, id)
    expect(getContainer(context, id).state.status).toBe('running')
    await removeContainer(context, id, { force: true })
    expect(listContainers(context).some((one) => one.id === id)).toBe(false)
  })
})

function base(): ContainerOptions {
  return { image: bed.image, network: 'none' }
}

function create(options: Partial<ContainerOptions>): Promise<{ id: string }> {
  return createContainer(bed.context, { ...base(), ...options })
}

async function execShell(id: string, script: string): Promise<void> {
  const { execInContainer } = await import('../verbs/exec.ts')
  expect(await execInContainer(bed.context, id, { command: ['sh', '-c', script] })).toEqual({
    type: 'exited',
    code: 0,
  })
}

/** Runs a joining program with its own terminal. */
function inTerminal(verb: string, id: string) {
  let text = ''
  const child = Bun.spawn([...joinCommand(bed.context, verb, id)], {
    env: { PATH: '/bin:/usr/bin' },
    terminal: {
      cols: 80,
      rows: 24,
      data: (_terminal: unknown, data: Uint8Array) => {
        text += new TextDecoder().decode(data)
      },
    },
  })
  return {
    text: () => text,
    exited: child.exited,
    resize: (columns: number, rows: number) => child.terminal?.resize(columns, rows),
    async type(keys: string) {
      // The prompt of the shell shows that it reads.
      await until(() => text.includes('#') || verb === 'attach')
      if (verb === 'attach') await Bun.sleep(300)
      child.terminal?.write(keys)
    },
  }
}

function logText(id: string): string {
  const { log } = containerPaths(bed.context, id)
  return existsSync(log) ? readFileSync(log, 'utf8') : ''
}

async function logs(id: string, options: LogsOptions = {}): Promise<readonly string[]> {
  const entries: LogEntry[] = await Array.fromAsync(readLogs(bed.context, id, options))
  return entries.map((entry) => entry.text)
}
