import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readlinkSync } from 'node:fs'
import { readMounts } from '#platform'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer } from '../model/record.ts'
import { reconcileContainers } from '../recovery/reconcile.ts'
import { type RunOutcome, runIn } from '../testing/capture.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { killContainer } from './control.ts'
import { removeContainer } from './remove.ts'
import { runDetached } from './run.ts'
import { waitContainer } from './wait.ts'

let bed: Testbed

describe.skipIf(cannotRun !== undefined)(
  `shared memory${cannotRun ? ` (${cannotRun})` : ''}`,
  () => {
    beforeAll(async () => {
      bed = await openTestbed()
    })

    afterAll(async () => {
      await bed[Symbol.asyncDispose]()
      expect(readMounts().filter(({ target }) => target.startsWith(bed.context.run))).toEqual([])
    })

    const start = async (options: Partial<ContainerOptions>): Promise<string> => {
      const wanted = {
        image: bed.image,
        network: 'none',
        command: ['sleep', '100'],
        ...options,
      } as const
      return (await runDetached(bed.context, wanted)).id
    }
    const sh = (script: string, options: Partial<ContainerOptions>): Promise<RunOutcome> =>
      runIn(bed, { command: ['sh', '-c', script], ...options })
    const namespaceOf = (id: string): string =>
      readlinkSync(`/proc/${getContainer(bed.context, id).state.process?.pid}/ns/ipc`)

    test('runContainer() joins the IPC namespace and the /dev/shm of a shareable container', async () => {
      const donor = await start({ ipc: 'shareable', shmSize: 8 * 1024 * 1024 })
      const written = await sh('echo hello > /dev/shm/note; busybox readlink /proc/self/ns/ipc', {
        ipcOf: donor,
      })
      expect(written).toMatchObject({ code: 0, out: `${namespaceOf(donor)}\n` })
      const read = await sh('cat /dev/shm/note; busybox df -k /dev/shm | busybox tail -n 1', {
        ipcOf: donor,
      })
      expect(read.out).toMatch(/^hello\n\S+ +8192 /)
      const { out } = await sh('grep " /dev/shm " /proc/mounts', { ipcOf: donor })
      expect(out).toMatch(/^tmpfs \/dev\/shm tmpfs rw,(?=.*nosuid)(?=.*nodev)(?=.*noexec)/)
      expect((await sh('ls /dev/shm', {})).out).toBe('')
    })

    test('runContainer() joins a container that has joined itself, and keeps the memory after the first has ended', async () => {
      const donor = await start({ ipc: 'shareable' })
      const second = await start({ ipcOf: donor })
      await sh('echo kept > /dev/shm/note', { ipcOf: donor })
      await removeContainer(bed.context, donor, { force: true })
      const { out } = await sh('cat /dev/shm/note', { ipcOf: second })
      expect(out).toBe('kept\n')
      expect(existsSync(containerPaths(bed.context, donor).memory)).toBe(false)
    })

    test('runContainer() joins a container that shares the memory of the machine', async () => {
      const donor = await start({ ipc: 'host' })
      const { out } = await sh('busybox readlink /proc/self/ns/ipc', { ipcOf: donor })
      expect(out).toBe(`${readlinkSync('/proc/self/ns/ipc')}\n`)
    })

    test('runContainer() refuses a container that does not share its memory, or does not run', async () => {
      const own = await start({ name: 'own' })
      await expect(sh('true', { ipcOf: own })).rejects.toThrow(
        'container own has a non-shareable IPC namespace',
      )
      const donor = await start({ name: 'gone', ipc: 'shareable' })
      await killContainer(bed.context, donor)
      await waitContainer(bed.context, donor)
      await expect(sh('true', { ipcOf: donor })).rejects.toThrow('gone, which is not running')
    })

    test('reconcileContainers() releases the memory of a container that was killed with its monitor', async () => {
      const donor = await start({ ipc: 'shareable' })
      const { process: first, monitor } = getContainer(bed.context, donor).state
      const { memory } = containerPaths(bed.context, donor)
      expect(readMounts().some(({ target }) => target === memory)).toBe(true)
      process.kill(monitor?.pid ?? 0, 'SIGKILL')
      process.kill(first?.pid ?? 0, 'SIGKILL')
      await waitContainer(bed.context, donor)
      await reconcileContainers(bed.context)
      expect(existsSync(memory)).toBe(false)
    })
  },
)
