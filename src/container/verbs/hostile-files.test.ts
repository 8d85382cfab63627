import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { readMounts } from '#platform'
import { volumeData } from '#volume'
import type { MountRequest } from '../model/mount-request.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer } from '../model/record.ts'
import { readHealth } from '../observe/health.ts'
import { capture, runIn, untilLog } from '../testing/capture.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { execInContainer } from './exec.ts'
import { removeContainer } from './remove.ts'
import { runDetached } from './run.ts'
import { waitContainer } from './wait.ts'

let bed: Testbed
let host = ''

/** Containers that change their own or shared files to mislead processes that run as root. */
describe.skipIf(cannotRun !== undefined)(
  `hostile files${cannotRun ? ` (${cannotRun})` : ''}`,
  () => {
    beforeAll(async () => {
      bed = await openTestbed()
      host = `${bed.context.root}/host`
      mkdirSync(`${host}/dir`, { recursive: true })
      mkdirSync(`${host}/outside`)
      writeFileSync(`${host}/dir/f`, 'dir\n')
    })

    afterAll(async () => {
      await bed[Symbol.asyncDispose]()
      expect(readMounts().filter(({ target }) => target.startsWith(bed.context.run))).toEqual([])
    })

    test('execInContainer() refuses a /etc/passwd that would block the runtime', async () => {
      const script = 'busybox rm /etc/passwd; busybox mknod /etc/passwd p; echo up; sleep 100'
      const id = await start(script, 'up')
      for (const user of [undefined, 'root', '5']) {
        const refused = execInContainer(bed.context, id, { command: ['true'], user })
        await expect(refused).rejects.toThrow('Cannot read /etc/passwd of the container')
      }
      await removeContainer(bed.context, id, { force: true })
    })

    test('execInContainer() refuses a working directory that leads into /proc', async () => {
      const id = await start(
        'busybox ln -s /proc/self/fd/7 /link; busybox ln -s /dev/fd /fd; echo up; sleep 100',
        'up',
      )
      for (const workingDir of ['/link', '/fd/7', '/dev/fd/7', '/proc/self/fd/7', '/proc/1/cwd']) {
        const refused = execInContainer(bed.context, id, { command: ['true'], workingDir })
        await expect(refused).rejects.toThrow('it lies in /proc')
      }
      const { out } = await capture((streams) =>
        execInContainer(bed.context, id, { command: ['pwd'], workingDir: '/proc/../tmp', streams }),
      )
      expect(out).toBe('/tmp\n')
      await removeContainer(bed.context, id, { force: true })
    })

    test('runContainer() refuses a working directory that leads into /proc, in a volume too', async () => {
      const mounts = [{ type: 'volume', source: 'links', destination: '/data' }] as const
      await runIn(bed, {
        command: ['sh', '-c', 'busybox ln -s /proc/self/fd/7 /data/link'],
        mounts,
      })
      for (const workingDir of ['/data/link', '/dev/fd/8', '/proc/self/fd/8']) {
        const refused = runIn(bed, { command: ['true'], workingDir, mounts })
        await expect(refused).rejects.toThrow(`Cannot use working directory ${workingDir}`)
      }
    })

    test('a restart checks the working directory and /etc/passwd again', async () => {
      const restart = { name: 'on-failure', maximumRetryCount: 3 } as const
      for (const [script, error] of [
        [
          'busybox rm /w/x; cd /; busybox rmdir /w; busybox ln -s /proc/self/fd/7 /w; exit 1',
          'it lies in /proc',
        ],
        ['busybox rm /etc/passwd; busybox mknod /etc/passwd p; exit 1', 'it is not a regular file'],
      ] as const) {
        const { id } = await runDetached(bed.context, {
          ...base(),
          command: ['sh', '-c', `touch x; ${script}`],
          workingDir: '/w',
          restart,
        })
        await waitContainer(bed.context, id)
        const { state } = getContainer(bed.context, id)
        expect(state.status).toBe('exited')
        expect(state.error).toContain(error)
        await removeContainer(bed.context, id)
      }
    })

    test('a health check does not follow a working directory into /proc', async () => {
      const script = 'cd /; busybox rmdir /w; busybox ln -s /proc/self/fd/7 /w; echo up; sleep 100'
      const health = { Test: ['CMD', 'true'], Interval: 50_000_000 }
      const id = await start(script, 'up', { workingDir: '/w', health })
      for (let turn = 0; turn < 200; turn++) {
        if (probesOf(id)?.Log.some(({ Output }) => Output.includes('/proc'))) break
        await Bun.sleep(20)
      }
      const log = probesOf(id)?.Log ?? []
      expect(log.at(-1)).toMatchObject({
        ExitCode: -1,
        Output: 'Cannot use working directory /w: it lies in /proc',
      })
      await removeContainer(bed.context, id, { force: true })
    })

    test('mounts inside a volume exist in the container and are removed with it', async () => {
      const mounts = nestedMounts('/data/x/new')
      const script =
        'cat /data/x/new/f; touch /data/x/new/g; touch /data/own; mount | grep -c /data'
      const { out, err } = await runIn(bed, { command: ['sh', '-c', script], mounts })
      expect({ out, err }).toMatchObject({
        out: 'dir\n2\n',
        err: expect.stringContaining('Read-only file system'),
      })
      expect(readdirSync(volumeData(bed.context, 'shared')).sort()).toEqual([
        'from-image',
        'own',
        'x',
      ])
      expect(readdirSync(`${host}/dir`)).toEqual(['f'])
      expect(existsSync(`${bed.context.run}/mounts/nested-0`)).toBe(false)
    })

    test('mount points stay in the volume while a container replaces a directory by a link', async () => {
      const data = volumeData(bed.context, 'shared')
      mkdirSync(`${data}/x`, { recursive: true })
      const program = [process.execPath, `${import.meta.dir}/../../runtime/testing/swapper.ts`]
      const attacker = Bun.spawn([...program, data, `${host}/outside`], {
        stdin: 'pipe',
        stdout: 'pipe',
      })
      const output = attacker.stdout.values()
      await output.next()
      for (let round = 0; round < 25; round++) {
        const mounts = nestedMounts(`/data/x/new${round}`)
        expect(await runIn(bed, { command: ['true'], mounts })).toMatchObject({ code: 0 })
      }
      attacker.stdin.end()
      await attacker.exited
      expect(readdirSync(`${host}/outside`)).toEqual([])
    }, 60_000)

    test('memory file systems have the given mode, else that of the directory, else 1777', async () => {
      const tmpfs = (destination: string, ...options: string[]): MountRequest => {
        return { type: 'tmpfs', destination, options }
      }
      const mounts = [
        tmpfs('/open'),
        tmpfs('/own', 'mode=700'),
        tmpfs('/etc'),
        tmpfs('/tmp', 'mode=1770'),
        tmpfs('/given', 'mode=700', 'uid=5'),
      ]
      const command = 'busybox stat -c "%n %a %u" /open /own /etc /tmp /given; touch /open/x'
      const { out, err } = await runIn(bed, {
        command: ['sh', '-c', command],
        user: '1000',
        mounts,
      })
      expect(err).toBe('')
      expect(out).toBe('/open 1777 0\n/own 700 0\n/etc 755 0\n/tmp 1770 0\n/given 700 5\n')
    })
  },
)

function base(): ContainerOptions {
  return { image: bed.image, network: 'none' }
}

function probesOf(id: string) {
  return readHealth(bed.context, getContainer(bed.context, id))
}

function nestedMounts(destination: string): readonly MountRequest[] {
  return [
    { type: 'volume', source: 'shared', destination: '/data' },
    { type: 'bind', source: `${host}/dir`, destination, readOnly: true },
  ]
}

/** Starts a shell script and waits until it has printed `word`. */
async function start(
  script: string,
  word: string,
  options: Partial<ContainerOptions> = {},
): Promise<string> {
  const command = ['sh', '-c', script]
  const { id } = await runDetached(bed.context, { ...base(), command, ...options })
  await untilLog(bed, id, word)
  return id
}
