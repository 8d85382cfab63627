import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { identifyProcess, signalProcess } from '#platform'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer } from '../model/record.ts'
import { isLost } from '../recovery/abandoned.ts'
import { reconcileContainers } from '../recovery/reconcile.ts'
import { until } from '../testing/client.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { stopContainer } from './control.ts'
import { createContainer } from './create.ts'
import { findContainer, findRunning } from './find.ts'
import { removeContainer, removeStopped } from './remove.ts'
import { startContainer } from './start.ts'
import { waitContainer } from './wait.ts'

describe.skipIf(cannotRun !== undefined)(`a damaged state.json (${cannotRun ?? 'root'})`, () => {
  let bed: Testbed

  beforeAll(async () => {
    bed = await openTestbed()
  })
  afterAll(() => bed[Symbol.asyncDispose]())

  async function start(options: Partial<ContainerOptions> = {}): Promise<string> {
    const command = ['sleep', '1000']
    const { id } = await createContainer(bed.context, { image: bed.image, command, ...options })
    await startContainer(bed.context, id)
    return id
  }

  const damage = (id: string): void => writeFileSync(containerPaths(bed.context, id).state, '{"st')

  test('a prune does not remove the container while its monitor is alive', async () => {
    const id = await start()
    const before = getContainer(bed.context, id).state
    for (const spoil of [damage, (one: string) => rmSync(containerPaths(bed.context, one).state)]) {
      spoil(id)
      expect(getContainer(bed.context, id).state.status).toBe('dead')
      expect(isLost(bed.context, getContainer(bed.context, id))).toBe(true)
      expect(await removeStopped(bed.context, id)).toBe(false)
      expect(getContainer(bed.context, id).state).toEqual(before)
    }
    damage(id)
    await expect(removeContainer(bed.context, id)).rejects.toThrow('container is running')
    await removeContainer(bed.context, id, { force: true })
  })

  test('is repaired before a verb uses it', async () => {
    const id = await start()
    const { process } = getContainer(bed.context, id).state
    damage(id)
    expect((await findContainer(bed.context, id)).state).toMatchObject({
      status: 'running',
      process,
    })
    damage(id)
    expect((await findRunning(bed.context, id)).state.process).toEqual(process)
    damage(id)
    await startContainer(bed.context, id)
    expect(getContainer(bed.context, id).state.process).toEqual(process)
    damage(id)
    await stopContainer(bed.context, id, { timeout: 0 })
    expect(await waitContainer(bed.context, id)).toBe(137)
    expect(getContainer(bed.context, id).state.status).toBe('exited')
  })

  test('is restored from the runtime if the monitor has ended', async () => {
    const id = await start()
    const { process, monitor } = getContainer(bed.context, id).state
    if (process === undefined || monitor === undefined) throw new Error('it does not run')
    signalProcess(monitor, 'SIGKILL')
    while (identifyProcess(monitor.pid) !== undefined) await Bun.sleep(5)
    damage(id)
    const { state } = await findContainer(bed.context, id)
    expect(state).toMatchObject({ status: 'running', process })
    const age = Date.now() - Date.parse(state.startedAt)
    expect(age).toBeGreaterThanOrEqual(0)
    expect(await removeStopped(bed.context, id)).toBe(false)
    await removeContainer(bed.context, id, { force: true })
    expect(identifyProcess(process.pid)).toBeUndefined()
  })

  test('of a stopped container is written again, and its mounts and network are released', async () => {
    const id = await start({ command: ['true'] })
    await waitContainer(bed.context, id)
    damage(id)
    // Its monitor may hold its lock for a moment longer.
    await until(() => isLost(bed.context, getContainer(bed.context, id)))
    await reconcileContainers(bed.context)
    expect(getContainer(bed.context, id).state).toMatchObject({
      status: 'exited',
      exitCode: 137,
      error: 'its state.json was damaged',
    })
    const { run, state } = containerPaths(bed.context, id)
    expect(existsSync(run)).toBe(false)
    expect(JSON.parse(readFileSync(state, 'utf8'))).not.toHaveProperty('root')
    expect(await removeStopped(bed.context, id)).toBe(true)
  })
})
