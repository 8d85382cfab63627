import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { openContainerFiles } from '../files/open-files.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer } from '../model/record.ts'
import { capture, runIn, untilLog } from '../testing/capture.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { stopContainer } from './control.ts'
import { type ExecEnd, execInContainer } from './exec.ts'
import { removeContainer } from './remove.ts'
import { runDetached } from './run.ts'

let bed: Testbed

describe.skipIf(cannotRun !== undefined)(`inside${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(() => bed[Symbol.asyncDispose]())

  test('every container has /.dockerenv and /etc/mtab', async () => {
    const script =
      'busybox stat -c "%a %s" /.dockerenv; busybox readlink /etc/mtab; grep -c . /etc/mtab'
    const { out } = await runIn(bed, { command: ['sh', '-c', script] })
    expect(out).toMatch(/^755 0\n\/proc\/mounts\n\d+\n$/)
  })

  test('a read-only root makes /etc/hosts, hostname and resolv.conf read-only', async () => {
    const script =
      'for f in hosts hostname resolv.conf; do echo x >> /etc/$f; done; cat /etc/hostname'
    const { out, err } = await runIn(bed, {
      command: ['sh', '-c', script],
      readOnly: true,
      hostname: 'h',
    })
    expect(out).toBe('h\n')
    expect(err.match(/Read-only file system/g)).toHaveLength(3)
  })

  test('execInContainer() ends with 127 for a working directory that is missing', async () => {
    const { id, name } = await start({ command: ['sleep', '100'] })
    const exec = (workingDir: string): Promise<ExecEnd> =>
      execInContainer(bed.context, id, { command: ['true'], workingDir })
    await expect(exec('/missing')).rejects.toMatchObject({
      exitCode: 127,
      message: `Cannot start a process in container ${name}: there is no working directory /missing`,
    })
    await expect(exec('relative')).rejects.toThrow('it is not absolute')
    await expect(exec('/etc/passwd')).rejects.toMatchObject({
      exitCode: 127,
      message: `Cannot start a process in container ${name}: /etc/passwd is not a directory`,
    })
    await removeContainer(bed.context, id, { force: true })
  })

  test('execInContainer() keeps the added groups for another user', async () => {
    const { id } = await start({ command: ['sleep', '100'], groupAdd: ['777', 'wheel'] })
    const { out } = await capture((streams) =>
      execInContainer(bed.context, id, { command: ['id', '-G'], user: '5:6', streams }),
    )
    expect(out).toBe('6 10 777\n')
    await removeContainer(bed.context, id, { force: true })
  })

  test('stopContainer() sends SIGTERM if the image names an unknown signal', async () => {
    const image = bed.imageWith({ StopSignal: 'BOGUS' })
    const script = 'trap "exit 3" TERM; echo up; while true; do sleep 0.05; done'
    const { id } = await start({ image, command: ['sh', '-c', script] })
    await untilLog(bed, id, 'up')
    await stopContainer(bed.context, id, { timeout: 2 ** 40 })
    expect(getContainer(bed.context, id).state.exitCode).toBe(3)
    await removeContainer(bed.context, id)
  })

  test('openContainerFiles() does not change a running container', async () => {
    const script = 'echo new > /made; echo up; sleep 100'
    const { id } = await start({ command: ['sh', '-c', script] })
    await untilLog(bed, id, 'up')
    {
      await using files = await openContainerFiles(bed.context, id)
      expect(readFileSync(`${files.root}/made`, 'utf8')).toBe('new\n')
    }
    const { out } = await capture((streams) =>
      execInContainer(bed.context, id, { command: ['cat', '/made'], streams }),
    )
    expect(out).toBe('new\n')
    await stopContainer(bed.context, id, { timeout: 0 })
    {
      await using files = await openContainerFiles(bed.context, id)
      expect(readFileSync(`${files.root}/made`, 'utf8')).toBe('new\n')
      expect(readdirSync(files.root)).toContain('.dockerenv')
    }
    await removeContainer(bed.context, id)
  })
})

function start(options: Partial<ContainerOptions>): Promise<{ id: string; name: string }> {
  return runDetached(bed.context, { image: bed.image, network: 'none', ...options })
}
