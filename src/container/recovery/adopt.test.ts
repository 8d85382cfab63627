import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { isAlive, kernelAtLeast } from '#platform'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer, listContainers } from '../model/record.ts'
import { join, lineOf, until } from '../testing/client.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { killContainer, stopContainer } from '../verbs/control.ts'
import { findContainer } from '../verbs/find.ts'
import { inspectContainer } from '../verbs/inspect.ts'
import { removeContainer } from '../verbs/remove.ts'
import { runDetached } from '../verbs/run.ts'
import { waitContainer } from '../verbs/wait.ts'
import { isOrphaned } from './abandoned.ts'
import { reconcileContainers } from './reconcile.ts'

let bed: Testbed

/** Only since Linux 6.15 does the kernel tell the status of a process that is no child. */
const tellsStatus = kernelAtLeast(6, 15)

describe.skipIf(cannotRun !== undefined)(`adopting${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
  })

  test('a container waits without a monitor, and the next command adopts it with all of its output', async () => {
    const script =
      'trap "exit 9" TERM; i=0; while [ $i -lt 3000 ]; do echo "line $i of the output"; i=$((i+1)); done; echo over; while :; do sleep 0.02; done'
    const { id } = await run({ command: ['sh', '-c', script] })
    await until(() => logText(id).includes('line 5 '))
    await killMonitor(id)
    expect(isOrphaned(bed.context, getContainer(bed.context, id))).toBe(true)
    // More than a pipe holds, so the container must wait for a reader.
    const started = getContainer(bed.context, id).state.startedAt
    const { state } = await findContainer(bed.context, id)
    expect(state).toMatchObject({ status: 'running', startedAt: started, error: '' })
    expect(state.monitor && isAlive(state.monitor)).toBe(true)
    expect(isOrphaned(bed.context, getContainer(bed.context, id))).toBe(false)
    await until(() => logText(id).includes('over'))
    await stopContainer(bed.context, id)
    expect(await waitContainer(bed.context, id)).toBe(tellsStatus ? 9 : 137)
    const { exitCode, error } = getContainer(bed.context, id).state
    expect({ exitCode, isTold: error === '' }).toEqual({
      exitCode: tellsStatus ? 9 : 137,
      isTold: tellsStatus,
    })
    const missing = Array.from({ length: 3000 }, (_, index) => `line ${index} of`).filter(
      (line) => !logText(id).includes(line),
    )
    // The killed monitor had read at most one full pipe that it had not written.
    expect(missing.length).toBeLessThan(64 * 48)
    expect(existsSync(containerPaths(bed.context, id).run)).toBe(false)
  })

  test('a monitor that cannot watch leaves the container running and says so', async () => {
    const { id } = await run({ command: ['sleep', '100'] })
    await killMonitor(id)
    const { log } = containerPaths(bed.context, id)
    rmSync(log)
    mkdirSync(log)
    const left = await findContainer(bed.context, id)
    expect(left.state.status).toBe('running')
    expect(left.state.error).toStartWith('it runs without a monitor: ')
    expect(left.state.process && isAlive(left.state.process)).toBe(true)
    rmdirSync(log)
    await until(() => isOrphaned(bed.context, getContainer(bed.context, id)))
    const { state } = await findContainer(bed.context, id)
    expect(state).toMatchObject({ status: 'running', error: '', process: left.state.process })
    await removeContainer(bed.context, id, { force: true })
  })

  test('two commands give a container one monitor', async () => {
    const { id } = await run({ command: ['sleep', '100'] })
    await killMonitor(id)
    const found = await Promise.all([1, 2, 3].map(() => findContainer(bed.context, id)))
    const monitors = new Set(found.map(({ state }) => state.monitor?.pid))
    expect(monitors.size).toBe(1)
    await removeContainer(bed.context, id, { force: true })
  })

  test('an adopted container is restarted by its policy and probed', async () => {
    const { id } = await run({
      command: ['sleep', '100'],
      restart: { name: 'always', maximumRetryCount: 0 },
      health: { Test: ['CMD', 'true'], Interval: 30_000_000 },
    })
    await killMonitor(id)
    const { state } = await findContainer(bed.context, id)
    await until(() => inspectContainer(bed.context, id).health?.Status === 'healthy')
    process.kill(state.process?.pid ?? 0, 'SIGKILL')
    await until(() => getContainer(bed.context, id).state.restartCount === 1)
    await until(() => getContainer(bed.context, id).state.status === 'running')
    await killContainer(bed.context, id)
    expect(await waitContainer(bed.context, id)).toBe(137)
    expect(getContainer(bed.context, id).state).toMatchObject({ status: 'exited', restartCount: 1 })
  })

  test('an adopted container with --rm is removed at its end', async () => {
    const { id } = await run({ command: ['sleep', '100'], remove: true })
    await killMonitor(id)
    await reconcileContainers(bed.context)
    await killContainer(bed.context, id)
    await until(() => listContainers(bed.context).every((one) => one.id !== id))
    await until(() => !existsSync(containerPaths(bed.context, id).directory))
  })

  test('a command that is the monitor hands its container over when its reader leaves', async () => {
    const script = 'while :; do echo line || exit 9; sleep 0.01; done'
    const { id } = await create({ command: ['sh', '-c', script], remove: true })
    const command = join(bed.context, 'watch', id)
    expect(await lineOf(command)).toContain('line\n')
    const first = getContainer(bed.context, id).state.monitor
    for await (const _ of command.stdout ?? []) break
    expect((await command.exited).code).toBe(1)
    await until(() => {
      const { monitor } = getContainer(bed.context, id).state
      return monitor !== undefined && monitor.pid !== first?.pid && isAlive(monitor)
    })
    const before = logText(id).length
    await until(() => logText(id).length > before)
    await removeContainer(bed.context, id, { force: true })
  })
})

function run(options: Partial<ContainerOptions>): Promise<{ id: string }> {
  return runDetached(bed.context, { image: bed.image, network: 'none', ...options })
}

async function create(options: Partial<ContainerOptions>): Promise<{ id: string }> {
  const { createContainer } = await import('../verbs/create.ts')
  return createContainer(bed.context, { image: bed.image, network: 'none', ...options })
}

async function killMonitor(id: string): Promise<void> {
  const { monitor } = getContainer(bed.context, id).state
  if (monitor === undefined) throw new Error('it has no monitor')
  process.kill(monitor.pid, 'SIGKILL')
  await until(() => !isAlive(monitor))
}

function logText(id: string): string {
  const { log } = containerPaths(bed.context, id)
  return existsSync(log) ? readFileSync(log, 'utf8') : ''
}
