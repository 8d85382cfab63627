import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer } from '../model/record.ts'
import { waitForEnd } from '../protocol/await-end.ts'
import { until } from '../testing/client.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { killContainer } from './control.ts'
import { createContainer } from './create.ts'
import { inspectContainer } from './inspect.ts'
import { removeContainer } from './remove.ts'
import { runDetached } from './run.ts'
import { startContainer } from './start.ts'
import { type WaitOptions, waitContainer } from './wait.ts'

let bed: Testbed

describe.skipIf(cannotRun !== undefined)(`waiting${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
  })

  const base = (): ContainerOptions => ({ image: bed.image, network: 'none' })
  const run = (options: Partial<ContainerOptions>) =>
    runDetached(bed.context, { ...base(), ...options })
  const wait = (id: string, options: WaitOptions = {}) => waitContainer(bed.context, id, options)
  /** Healthy as soon as it has made its file. */
  const slow = {
    command: ['sh', '-c', 'sleep 0.2; touch /ok; exec sleep 100'],
    health: { Test: ['CMD', 'ls', '/ok'], Interval: 50_000_000, Retries: 100 },
  }

  test('waitForEnd() returns the exit code of a container that has removed itself meanwhile', async () => {
    const { id } = await run({ command: ['sh', '-c', 'exit 7'], remove: true })
    await until(() => bed.context.records.containers.get(id) === undefined)
    expect(await waitForEnd(bed.context, id)).toBe(7)
  })

  test('waitContainer() waits until a container is healthy', async () => {
    const { id } = await run(slow)
    expect(await wait(id, { condition: 'ready' })).toBe(0)
    expect(inspectContainer(bed.context, id).health?.Status).toBe('healthy')
    expect(await wait(id, { condition: 'healthy' })).toBe(0)
    await removeContainer(bed.context, id, { force: true })
  })

  test('waitContainer() refuses to wait for the health of a container that ends or has none', async () => {
    const { id, name } = await run({ ...slow, command: ['sh', '-c', 'exit 4'] })
    await expect(wait(id, { condition: 'healthy' })).rejects.toThrow(
      `Cannot wait until ${name} is healthy: it ended with exit code 4`,
    )
    const plain = await run({ command: ['sleep', '100'] })
    await expect(wait(plain.id, { condition: 'healthy' })).rejects.toThrow('no health checks')
    expect(await wait(plain.id, { condition: 'ready' })).toBe(0)
    await removeContainer(bed.context, plain.id, { force: true })
  })

  test('waitContainer() tells what an unhealthy container said', async () => {
    const { id, name } = await run({
      command: ['sleep', '100'],
      health: { Test: ['CMD-SHELL', 'echo no database; exit 1'], Interval: 30_000_000, Retries: 1 },
    })
    await expect(wait(id, { condition: 'ready' })).rejects.toThrow(
      `Cannot wait until ${name} is healthy: it is unhealthy: no database`,
    )
    expect(await wait(id, { condition: 'unhealthy' })).toBe(0)
    await removeContainer(bed.context, id, { force: true })
  })

  test('waitContainer() ends with its timeout, and with the signal of the caller', async () => {
    const { id, name } = await run({ command: ['sleep', '100'] })
    await expect(wait(id, { condition: 'paused', timeout: 0.05 })).rejects.toThrow(
      `Cannot wait until ${name} is paused: it is not after 0.05 s`,
    )
    await expect(wait(id, { timeout: 0.05 })).rejects.toThrow('is exited: it is not after 0.05 s')
    const signal = AbortSignal.abort(new Error('left'))
    await expect(wait(id, { condition: 'paused', signal, timeout: 5 })).rejects.toThrow('left')
    await removeContainer(bed.context, id, { force: true })
  })

  test('waitContainer() waits for the next exit of a container that is restarted', async () => {
    const { id } = await run({
      command: ['sh', '-c', 'sleep 0.1; exit 3'],
      restart: { name: 'always', maximumRetryCount: 0 },
    })
    expect(await wait(id, { condition: 'next-exit' })).toBe(3)
    await removeContainer(bed.context, id, { force: true })
  })

  test('waitContainer() waits for a start and for a removal', async () => {
    const { id } = await createContainer(bed.context, { ...base(), command: ['sleep', '100'] })
    const running = wait(id, { condition: 'running' })
    await startContainer(bed.context, id)
    expect(await running).toBe(0)
    const removed = wait(id, { condition: 'removed' })
    await killContainer(bed.context, id)
    await wait(id)
    await removeContainer(bed.context, id)
    expect(await removed).toBe(137)
  })

  const failing = { Test: ['CMD', 'false'], Interval: 30_000_000, Retries: 2 }

  test('an unhealthy container is restarted, whatever its policy is', async () => {
    const { id } = await run({
      command: ['sleep', '100'],
      health: failing,
      healthAction: 'restart',
    })
    await until(() => getContainer(bed.context, id).state.restartCount >= 1)
    await removeContainer(bed.context, id, { force: true })
  })

  test('an unhealthy container is killed, and its restart policy decides', async () => {
    const { id } = await run({ command: ['sleep', '100'], health: failing, healthAction: 'kill' })
    expect(await wait(id)).toBe(137)
    const again = await run({
      ...{ command: ['sleep', '100'], health: failing, healthAction: 'kill' },
      restart: { name: 'on-failure', maximumRetryCount: 1 },
    })
    expect(await wait(again.id)).toBe(137)
    expect(getContainer(bed.context, again.id).state.restartCount).toBe(1)
  })

  test('an unhealthy container is stopped, and not restarted', async () => {
    const { id } = await run({
      ...{ command: ['sh', '-c', 'trap "exit 5" TERM; while :; do sleep 0.02; done'] },
      ...{ health: failing, healthAction: 'stop' },
      restart: { name: 'always', maximumRetryCount: 0 },
    })
    expect(await wait(id)).toBe(5)
    expect(getContainer(bed.context, id).state).toMatchObject({ status: 'exited', restartCount: 0 })
  })
})
