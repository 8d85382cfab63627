import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { readMounts } from '#platform'
import { volumeData } from '#volume'
import { containerPaths } from '../model/context.ts'
import { getContainer } from '../model/record.ts'
import { capture, runIn, untilLog } from '../testing/capture.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { execInContainer } from './exec.ts'
import { removeContainer } from './remove.ts'
import { runDetached } from './run.ts'

let bed: Testbed
let host = ''

/** Access of a container to the host beyond its own files. */
describe.skipIf(cannotRun !== undefined)(`isolation${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
    host = `${bed.context.root}/host`
    mkdirSync(`${host}/victim`, { recursive: true })
    writeFileSync(`${host}/victim/secret`, 'secret\n')
    mkdirSync(`${host}/shared`)
    writeFileSync(`${host}/shared/f`, 'shared\n')
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
    expect(readMounts().filter(({ target }) => target.startsWith(bed.context.run))).toEqual([])
  })

  /** Every descriptor and the working directory of process 1 and of its own process. */
  const listDescriptors = [
    'sh',
    '-c',
    'for p in 1 $$; do busybox ls -l /proc/$p/fd; busybox readlink /proc/$p/cwd; done; echo end; sleep 100',
  ]

  /** The numbers and targets of the descriptors in a listing. */
  function descriptorsOf(listing: string): readonly (readonly [number, string])[] {
    return [...listing.matchAll(/ (\d+) -> (.*)/g)].map(([, fd, target = '']) => [
      Number(fd),
      target,
    ])
  }

  function expectOnlyStandard(listing: string): void {
    const found = descriptorsOf(listing)
    expect(new Set(found.map(([fd]) => fd))).toEqual(new Set([0, 1, 2]))
    for (const [, target] of found) expect(target).toMatch(/^(pipe:\[\d+\]|\/dev\/null)$/)
    expect(listing.split('\n').filter((line) => line.startsWith('/'))).toEqual(['/', '/'])
  }

  test('runContainer() passes only the first three descriptors, and no directory', async () => {
    const command = listDescriptors.map((word) => word.replace('; sleep 100', ''))
    const { code, out } = await runIn(bed, { command, workingDir: '/' })
    expect(code).toBe(0)
    expectOnlyStandard(out)
  })

  test('runDetached() and execInContainer() pass only the first three descriptors', async () => {
    const options = { image: bed.image, network: 'none', workingDir: '/' } as const
    const { id } = await runDetached(bed.context, { ...options, command: listDescriptors })
    await untilLog(bed, id, 'end')
    const { log } = containerPaths(bed.context, id)
    const records = readFileSync(log, 'utf8').trim().split('\n')
    expectOnlyStandard(records.map((line) => JSON.parse(line).log).join(''))
    const command = listDescriptors.map((word) => word.replace('; sleep 100', ''))
    const { out } = await capture((streams) =>
      execInContainer(bed.context, id, { command, streams }),
    )
    expectOnlyStandard(out)
    await removeContainer(bed.context, id, { force: true })
  })

  test('no process of a container listens on a socket that other network namespaces can reach', async () => {
    const script = 'echo up; sleep 100'
    const options = { image: bed.image, network: 'host', command: ['sh', '-c', script] } as const
    const { id } = await runDetached(bed.context, options)
    await untilLog(bed, id, 'up')
    const { state } = getContainer(bed.context, id)
    const monitor = state.monitor?.pid ?? 0
    const inodes = new Set(
      readdirSync(`/proc/${monitor}/fd`).flatMap((fd) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${monitor}/fd/${fd}`))?.[1] ?? []
        } catch {
          return []
        }
      }),
    )
    // Num RefCount Protocol Flags Type St Inode Path
    const sockets = readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , , , , inode = '']) => inodes.has(inode))
    const named = sockets.flatMap(([, , , , , , , path]) => path ?? [])
    const { socket } = containerPaths(bed.context, id)
    // The kernel shows abstract names with a leading @. They have no path and no owner.
    expect(named).not.toEqual([])
    for (const path of named) expect(path).toMatch(/^\/.*\/monitor\.sock$/)
    expect(statSync(socket).mode & 0o077).toBe(0)
    expect(statSync(dirname(dirname(dirname(socket)))).mode & 0o077).toBe(0)
    const { out } = await capture((streams) =>
      execInContainer(bed.context, id, { command: ['busybox', 'cat', '/proc/net/unix'], streams }),
    )
    expect(out.split('\n').filter((line) => /@.*(strake|monitor)/.test(line))).toEqual([])
    await removeContainer(bed.context, id, { force: true })
  })

  test('mounts stay inside the root, even if links of the image lead outside', async () => {
    const image = await bed.imageAbove((root) => {
      symlinkSync('/', `${root}/to-root`)
      symlinkSync('../../../../../..', `${root}/up`)
      symlinkSync(`${host}/victim`, `${root}/to-victim`)
      symlinkSync('to-root/to-root/up', `${root}/chain`)
    })
    const before = readdirSync('/').sort()
    for (const [destination, inside] of [
      ['/to-root/mnt-a', '/mnt-a'],
      ['/up/mnt-b', '/mnt-b'],
      ['/chain/mnt-c/deep', '/mnt-c/deep'],
      [`/to-victim/mnt-d`, `${host}/victim/mnt-d`],
      ['/../../mnt-e', '/mnt-e'],
    ] as const) {
      const mounts = [{ type: 'bind', source: `${host}/shared`, destination }] as const
      const script = `cat ${inside}/f; busybox ls ${host}/victim/secret`
      const { out, err } = await runIn(bed, { image, command: ['sh', '-c', script], mounts })
      expect([destination, out]).toEqual([destination, 'shared\n'])
      expect(err).toContain('No such file or directory')
    }
    expect(readdirSync('/').sort()).toEqual(before)
    expect(readdirSync(`${host}/victim`)).toEqual(['secret'])
    expect(readdirSync(`${host}/shared`)).toEqual(['f'])
  })

  test('a mount into /proc of the container is refused, also through links', async () => {
    const image = await bed.imageAbove((root) => {
      symlinkSync('/proc/self/root', `${root}/self`)
      symlinkSync('/proc/1/cwd', `${root}/one`)
    })
    for (const destination of ['/self/mnt', '/one/mnt', '/proc/1/root/mnt', '/proc/mnt']) {
      const mounts = [{ type: 'bind', source: `${host}/shared`, destination }] as const
      const refused = runIn(bed, { image, command: ['true'], mounts })
      await expect(refused).rejects.toThrow(`at ${destination}: it lies in /proc`)
    }
  })

  test('a volume is filled only with files of the image', async () => {
    const image = await bed.imageAbove((root) => {
      mkdirSync(`${root}/own`)
      writeFileSync(`${root}/own/f`, 'own\n')
      symlinkSync('/own', `${root}/to-own`)
      symlinkSync(`${host}/victim`, `${root}/to-victim`)
      symlinkSync('/proc/1/root', `${root}/to-proc`)
      symlinkSync(`../../../../..${host}/victim`, `${root}/own/climbing`)
      mkdirSync(`${root}/srv`)
      symlinkSync(`${host}/victim/secret`, `${root}/srv/link`)
    })
    const climb = `${'/..'.repeat(12)}${host}/victim`
    const places = ['/srv', '/to-own', '/to-victim', '/own/climbing', climb]
    const volumes = places.map((destination, at) => {
      return { type: 'volume', source: `vector-${at}`, destination } as const
    })
    for (const volume of volumes) {
      const script = `busybox find ${volume.destination} 2>&1; echo written > ${volume.destination}/x`
      const { out } = await runIn(bed, { image, command: ['sh', '-c', script], mounts: [volume] })
      expect(out).not.toContain('secret\n')
    }
    expect(readdirSync(`${host}/victim`)).toEqual(['secret'])
    const files = volumes.map(({ source }) => readdirSync(volumeData(bed.context, source)).sort())
    expect(files).toEqual([['link', 'x'], ['climbing', 'f', 'x'], ['x'], ['x'], ['x']])
    const link = `${volumeData(bed.context, 'vector-0')}/link`
    expect(readlinkSync(link)).toBe(`${host}/victim/secret`)
  })
})
