import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { identifyProcess, signalProcess } from '#platform'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer } from '../model/record.ts'
import { reconcileContainers } from '../recovery/reconcile.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { createContainer } from './create.ts'
import { removeContainer } from './remove.ts'
import { startContainer } from './start.ts'

describe.skipIf(cannotRun !== undefined)(`removeContainer() (${cannotRun ?? 'root'})`, () => {
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

  test('with force is done when a container with --rm has removed itself', async () => {
    const id = await start({ remove: true })
    await removeContainer(bed.context, id, { force: true })
    expect(bed.context.records.containers.get(id)).toBeUndefined()
    await expect(removeContainer(bed.context, id, { force: true })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('throws what keeps the files of a killed container from being removed', async () => {
    const id = await start()
    const place = `${containerPaths(bed.context, id).directory}/busy`
    mkdirSync(place)
    expect(spawnSync('mount', ['-t', 'tmpfs', 'none', place]).status).toBe(0)
    try {
      await expect(removeContainer(bed.context, id, { force: true })).rejects.toThrow(
        `something is mounted at ${place}`,
      )
    } finally {
      spawnSync('umount', [place])
    }
  })

  test('finds no mount of a container that was killed with its monitor and cleaned up', async () => {
    const id = await start()
    const { process, monitor } = getContainer(bed.context, id).state
    if (process === undefined || monitor === undefined) throw new Error('it does not run')
    const isMounted = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(id)
    expect(isMounted()).toBe(true)
    for (const each of [monitor, process]) signalProcess(each, 'SIGKILL')
    while ([monitor, process].some(({ pid }) => identifyProcess(pid) !== undefined)) {
      await Bun.sleep(5)
    }
    expect(await reconcileContainers(bed.context)).toHaveLength(1)
    expect(isMounted()).toBe(false)
    expect(existsSync(containerPaths(bed.context, id).run)).toBe(false)
    await removeContainer(bed.context, id)
  })
})
