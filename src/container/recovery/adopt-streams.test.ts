import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync } from 'node:fs'
import { identifyProcess, isAlive } from '#platform'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer } from '../model/record.ts'
import { join, lineOf, until } from '../testing/client.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { type User, users } from '../testing/user.ts'
import { type AttachOptions, attachContainer } from '../verbs/attach.ts'
import {
  killContainer,
  pauseContainer,
  resizeContainer,
  unpauseContainer,
} from '../verbs/control.ts'
import { createContainer } from '../verbs/create.ts'
import { findContainer } from '../verbs/find.ts'
import { removeContainer } from '../verbs/remove.ts'
import { runDetached } from '../verbs/run.ts'
import { waitContainer } from '../verbs/wait.ts'
import { reconcileContainers } from './reconcile.ts'

let bed: Testbed

/** What a new monitor gets back of a container whose monitor was killed, beside its output. */
describe.skipIf(cannotRun !== undefined)(`adopting${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
  })

  test('a terminal outlives its monitor: the next one shows it, types into it and resizes it', async () => {
    const { id } = await run({ command: ['sh'], tty: true, interactive: true })
    const first = attach(id)
    await first.user.type('echo $((40+1))\n')
    await until(() => first.user.text().out.includes('41\r\n'))
    const { holder } = getContainer(bed.context, id).state
    await killMonitor(id)
    await expect(first.end).rejects.toThrow('its monitor has ended')
    expect(holder && isAlive(holder)).toBe(true)
    const again = attach(id)
    await again.user.type('echo $((40+2))\n')
    await until(() => again.user.text().out.includes('42\r\n'))
    await resizeContainer(bed.context, getContainer(bed.context, id), { rows: 33, columns: 99 })
    await again.user.type('stty size\n')
    await until(() => again.user.text().out.includes('33 99\r\n'))
    // The successor of the successor gets it too.
    await killMonitor(id)
    await expect(again.end).rejects.toThrow('its monitor has ended')
    const last = attach(id)
    await last.user.type('exit 7\n')
    await last.end
    await waitContainer(bed.context, id)
    expect(getContainer(bed.context, id).state.holder).toBeUndefined()
    await until(() => holder !== undefined && !isAlive(holder))
  })

  test('input outlives its monitor', async () => {
    const { id } = await run({ command: ['cat'], interactive: true, stdinOnce: false })
    await killMonitor(id)
    const { user, end } = attach(id)
    await user.type('typed\n')
    await until(() => user.text().out === 'typed\n')
    await killContainer(bed.context, id)
    await end
  })

  test('attachContainer() says that a terminal or input was lost with its monitor and its holder', async () => {
    const command = ['sh', '-c', 'trap "" HUP; while :; do echo line; sleep 0.05; done']
    for (const [options, reason] of [
      [{ tty: true, interactive: true }, 'its terminal was lost when its monitor was killed'],
      [{ interactive: true, stdinOnce: false }, 'its input was lost when its monitor was killed'],
      [{ interactive: true, stdinOnce: true }, 'its input was lost when its monitor was killed'],
    ] as const) {
      const { id } = await run({ command, ...options })
      const { holder } = getContainer(bed.context, id).state
      if (holder !== undefined) process.kill(holder.pid, 'SIGKILL')
      await killMonitor(id)
      await expect(attach(id).end).rejects.toThrow(reason)
      if (!('tty' in options)) {
        const { user, end } = attach(id, { stdin: false })
        await until(() => user.text().out.includes('line\n'))
        await killContainer(bed.context, id)
        await end
      }
      await removeContainer(bed.context, id, { force: true })
    }
  })

  test('reconcileContainers() ends the holder of a container that ended without its monitor', async () => {
    const { id } = await run({ command: ['sleep', '100'], tty: true })
    const { holder, process: first } = getContainer(bed.context, id).state
    await killMonitor(id)
    process.kill(first?.pid ?? 0, 'SIGKILL')
    await until(() => getContainer(bed.context, id).state.status === 'exited')
    await reconcileContainers(bed.context)
    await until(() => holder !== undefined && !isAlive(holder))
    expect(getContainer(bed.context, id).state.holder).toBeUndefined()
  })

  test('reconcileContainers() ends a runtime that still starts a container whose monitor was killed', async () => {
    const { id } = await createContainer(bed.context, {
      image: bed.image,
      network: 'none',
      command: ['sleep', '100'],
    })
    const { directory, run: place } = containerPaths(bed.context, id)
    mkdirSync(place, { recursive: true })
    // A runtime that takes its time, with a process that it has started.
    const words = ['sh', '-c', 'sleep 1000 & wait', 'runtime', 'run', '--bundle', directory, id]
    const runtime = Bun.spawn(words)
    await until(
      () => readFileSync(`/proc/${runtime.pid}/task/${runtime.pid}/children`, 'utf8') !== '',
    )
    const children = readFileSync(`/proc/${runtime.pid}/task/${runtime.pid}/children`, 'utf8')
    const child = identifyProcess(Number(children))
    await reconcileContainers(bed.context)
    await runtime.exited
    await until(() => child !== undefined && !isAlive(child))
    expect(getContainer(bed.context, id).state.status).toBe('created')
  })

  test('the next command resumes a container whose monitor was killed with the command that suspended it', async () => {
    const { id } = await run({ command: ['sleep', '100'] })
    const command = join(bed.context, 'suspend', id)
    expect(await lineOf(command)).toBe('suspended\n')
    await killMonitor(id)
    command.kill('SIGKILL')
    await command.exited
    expect(getContainer(bed.context, id).state.status).toBe('paused')
    expect((await findContainer(bed.context, id)).state.status).toBe('running')
    await removeContainer(bed.context, id, { force: true })
  })

  test('unpauseContainer() succeeds if the new monitor has already resumed the container', async () => {
    const { id } = await run({ command: ['sleep', '100'] })
    const command = join(bed.context, 'suspend', id)
    expect(await lineOf(command)).toBe('suspended\n')
    await killMonitor(id)
    command.kill('SIGKILL')
    await command.exited
    await unpauseContainer(bed.context, id)
    expect(getContainer(bed.context, id).state.status).toBe('running')
    await expect(unpauseContainer(bed.context, id)).rejects.toThrow('it is not paused')
    await removeContainer(bed.context, id, { force: true })
  })

  test('a new monitor resumes a container when the command that suspended it before is killed', async () => {
    const { id } = await run({ command: ['sleep', '100'] })
    const command = join(bed.context, 'suspend', id)
    expect(await lineOf(command)).toBe('suspended\n')
    await killMonitor(id)
    await reconcileContainers(bed.context)
    expect(getContainer(bed.context, id).state.status).toBe('paused')
    command.kill('SIGKILL')
    await until(() => getContainer(bed.context, id).state.status === 'running')
    // A later pause is that of a user.
    await pauseContainer(bed.context, id)
    await killMonitor(id)
    expect((await findContainer(bed.context, id)).state.status).toBe('paused')
    await removeContainer(bed.context, id, { force: true })
  })
})

function run(options: Partial<ContainerOptions>): Promise<{ id: string }> {
  return runDetached(bed.context, { image: bed.image, network: 'none', ...options })
}

interface Attached {
  readonly user: User
  readonly end: Promise<unknown>
}

function attach(id: string, options: AttachOptions = {}): Attached {
  const [, open] = users[1] ?? []
  const user = open?.()
  if (user === undefined) throw new Error('there is no such user')
  const end = attachContainer(bed.context, id, { streams: user.streams, ...options })
  // Looked at later.
  end.catch(() => {})
  return { user, end }
}

async function killMonitor(id: string): Promise<void> {
  const { monitor } = getContainer(bed.context, id).state
  if (monitor === undefined) throw new Error('it has no monitor')
  process.kill(monitor.pid, 'SIGKILL')
  await until(() => !isAlive(monitor))
}
