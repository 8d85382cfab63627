import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { closeSync, existsSync, readdirSync } from 'node:fs'
import { makePipe, readMounts, readPipe } from '#platform'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { getContainer, listContainers } from '../model/record.ts'
import { DescriptorStreams } from '../session/descriptor-streams.ts'
import { capture, type RunOutcome, runIn, untilLog } from '../testing/capture.ts'
import { cannotRun, openTestbed, type Testbed } from '../testing/testbed.ts'
import { stopContainer } from './control.ts'
import { createContainer } from './create.ts'
import { execInContainer } from './exec.ts'
import { removeContainer } from './remove.ts'
import { runDetached } from './run.ts'
import { waitContainer } from './wait.ts'

let bed: Testbed

describe.skipIf(cannotRun !== undefined)(`containers${cannotRun ? ` (${cannotRun})` : ''}`, () => {
  beforeAll(async () => {
    bed = await openTestbed()
  })

  afterAll(async () => {
    await bed[Symbol.asyncDispose]()
    expect(readMounts().filter(({ target }) => target.startsWith(bed.context.run))).toEqual([])
  })

  test('runContainer() returns output, errors and exit code and leaves nothing with --rm', async () => {
    const { code, out, err } = await run({
      command: ['sh', '-c', 'echo out; echo err >&2; exit 7'],
    })
    expect({ code, out, err }).toEqual({ code: 7, out: 'out\n', err: 'err\n' })
    expect(listContainers(bed.context)).toEqual([])
    expect(readdirSync(`${bed.context.root}/containers`)).toEqual([])
    expect(readdirSync(`${bed.context.run}/containers`)).toEqual([])
  })

  test('runContainer() ends with 126, 127 or 125 and one sentence', async () => {
    for (const [command, exitCode, message] of [
      [['/nope'], 127, 'Cannot start the container: /nope: no such file or directory in the image'],
      [['nope'], 127, 'Cannot start the container: nope: executable file not found in $PATH'],
      [['/etc/passwd'], 126, 'Cannot start the container: /etc/passwd: permission denied'],
    ] as const) {
      expect(await run({ command }).catch((error: unknown) => error)).toMatchObject({
        exitCode,
        message,
      })
    }
    expect(listContainers(bed.context)).toEqual([])
  })

  test('runContainer() returns 128 plus the signal for a killed process', async () => {
    expect(await run({ command: ['sh', '-c', 'kill -9 $$'] })).toMatchObject({ code: 0 })
    const command = ['sh', '-c', 'sh -c "kill -TERM \\$\\$"; exit $?']
    expect(await run({ command })).toMatchObject({ code: 143 })
  })

  test('runContainer() merges command, environment, user and directory with the image', async () => {
    const image = bed.imageWith({
      Entrypoint: ['sh', '-c'],
      Cmd: ['exit 1'],
      WorkingDir: '/data/new',
      User: 'ann',
      Env: ['PATH=/bin', 'A=1', 'B=2'],
    })
    const { out } = await run({
      image,
      env: ['B=3', 'C=4', 'A'],
      command: ['id; pwd; echo $A $B $C $HOME'],
    })
    expect(out).toBe('uid=7(ann) gid=8(ann) groups=8(ann),10(wheel)\n/data/new\n3 4 /data\n')
  })

  test('runContainer() passes a file or pipe as standard input, to the last byte', async () => {
    const size = 3_000_000
    const { out } = await run({ command: ['wc', '-c'], interactive: true }, new Uint8Array(size))
    expect(out.trim()).toBe(String(size))
  })

  test('runContainer() passes pipes as streams, so that /dev/stdout can be opened', async () => {
    const { out } = await run({ command: ['sh', '-c', 'echo again > /dev/stdout'] })
    expect(out).toBe('again\n')
  })

  test('runContainer() writes everything of a large output', async () => {
    const { out } = await run({ command: ['head', '-c', '5000000', '/dev/zero'] })
    expect(out.length).toBe(5_000_000)
  })

  test('runContainer() confines: Docker’s capabilities, a filter, masked and read-only paths', async () => {
    const command = 'grep -E "^(CapBnd|CapEff|CapInh|Seccomp):" /proc/self/status'
    const probe = `${command}; wc -c < /proc/interrupts; touch /proc/sys/x; mount -t tmpfs x /tmp; ls /proc/self/fd | wc -l`
    const { out, err } = await run({ command: ['sh', '-c', probe] })
    expect(out.replace(/\t/g, '')).toBe(
      'CapInh:0000000000000000\nCapEff:00000000a80425fb\nCapBnd:00000000a80425fb\nSeccomp:2\n0\n4\n',
    )
    expect(err).toContain('touch: /proc/sys/x: ')
    expect(err).toContain('mount: ')
  })

  test('runContainer() applies the rules of a seccomp profile that hold for the container', async () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        {
          names: ['mkdir', 'mkdirat'],
          action: 'SCMP_ACT_ERRNO',
          errnoRet: 38,
          excludes: { caps: ['CAP_SYS_ADMIN'] },
        },
      ],
    }
    const command = ['busybox', 'mkdir', '/made']
    const refused = await run({ command, security: { seccomp: profile } })
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('not implemented') })
    const allowed = { seccomp: profile, add: ['SYS_ADMIN'] }
    expect(await run({ command, security: allowed })).toMatchObject({ code: 0, err: '' })
  })

  test('runContainer() applies the built-in filter to a privileged container on request', async () => {
    const command = ['grep', '^Seccomp:', '/proc/self/status']
    const filter = async (seccomp?: 'builtin'): Promise<string> =>
      (await run({ command, security: { privileged: true, seccomp } })).out
    expect(await filter()).toBe('Seccomp:\t0\n')
    expect(await filter('builtin')).toBe('Seccomp:\t2\n')
  })

  test('runContainer() limits memory and reports an out-of-memory kill', async () => {
    const { code, oomKilled } = await run({
      command: ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=100M', 'count=1'],
      resources: { memory: 16 << 20 },
    })
    expect({ oomKilled, code }).toEqual({ oomKilled: true, code: 137 })
  })

  test('runContainer() fills a new volume from the image and keeps it', async () => {
    const mounts = [{ type: 'volume', source: 'kept', destination: '/data' }] as const
    await run({ command: ['touch', '/data/added'], mounts })
    const { out } = await run({ command: ['ls', '/data'], mounts })
    expect(out).toBe('added\nfrom-image\n')
  })

  test('runContainer() removes anonymous volumes of the image with the container', async () => {
    const image = bed.imageWith({ Volumes: { '/data': {} } })
    const before = readdirSync(`${bed.context.root}/volumes`)
    const { out } = await run({
      image,
      command: ['sh', '-c', 'ls /data; mount | grep -c " /data "'],
    })
    expect(out).toBe('from-image\n1\n')
    expect(readdirSync(`${bed.context.root}/volumes`)).toEqual(before)
  })

  test('runContainer() binds read-only and gives a tmpfs', async () => {
    const { out } = await run({
      command: ['sh', '-c', 'cat /b/hello; touch /b/x || echo refused; mount | grep " /t "'],
      mounts: [
        {
          type: 'bind',
          source: `${import.meta.dirname}/../testdata`,
          destination: '/b',
          readOnly: true,
        },
        { type: 'tmpfs', destination: '/t', options: ['size=1m'] },
      ],
    })
    expect(out).toStartWith('hello\nrefused\ntmpfs on /t type tmpfs')
  })

  test('runContainer() refuses a bind whose source is missing and leaves nothing', async () => {
    const mounts = [{ type: 'bind', source: '/nowhere', destination: '/b' }] as const
    await expect(run({ command: ['true'], mounts })).rejects.toThrow(
      'Cannot mount /nowhere: no such file or directory',
    )
    expect(listContainers(bed.context)).toEqual([])
  })

  test('runContainer() with init reaps and passes signals', async () => {
    const { out } = await run({ command: ['sh', '-c', 'echo $$'], init: true })
    expect(Number(out)).toBeGreaterThan(1)
  })

  test('createContainer() refuses a name that is taken or malformed', async () => {
    const options = { image: bed.image, name: 'taken', network: 'none' } as const
    const { id } = await createContainer(bed.context, options)
    await expect(createContainer(bed.context, options)).rejects.toThrow(
      'is already in use by container',
    )
    await expect(createContainer(bed.context, { ...options, name: '-x' })).rejects.toThrow(
      'Cannot name a container -x',
    )
    await removeContainer(bed.context, id)
    expect(existsSync(containerPaths(bed.context, id).directory)).toBe(false)
  })

  test('runDetached() starts in the background; stop, wait, start again and remove work', async () => {
    const { context } = bed
    const command = ['sh', '-c', 'trap "exit 3" TERM; echo up; while true; do sleep 0.05; done']
    const { id } = await runDetached(context, { ...base(), command })
    expect(getContainer(context, id.slice(0, 6)).state.status).toBe('running')
    await untilLog(bed, id, 'up')
    const waiting = waitContainer(context, id)
    await stopContainer(context, id)
    expect(await waiting).toBe(3)
    expect(getContainer(context, id).state).toMatchObject({ status: 'exited', exitCode: 3 })
    await expect(removeContainer(context, id)).resolves.toBeUndefined()
    expect(listContainers(context)).toEqual([])
  })

  test('removeContainer() needs force for one that runs', async () => {
    const { id, name } = await runDetached(bed.context, { ...base(), command: ['sleep', '100'] })
    await expect(removeContainer(bed.context, id)).rejects.toThrow(
      `Cannot remove container ${name}: container is running`,
    )
    await removeContainer(bed.context, id, { force: true })
    expect(listContainers(bed.context)).toEqual([])
  })

  test('execInContainer() has the container’s confinement, its own user and exit code', async () => {
    const { id } = await runDetached(bed.context, { ...base(), command: ['sleep', '100'] })
    const command = [
      'sh',
      '-c',
      'id -u; echo $X; pwd; grep -E "^(CapEff|Seccomp):" /proc/self/status; exit 4',
    ]
    const { out, code } = await capture((streams) =>
      execInContainer(bed.context, id, {
        command,
        user: 'ann',
        env: ['X=y'],
        workingDir: '/data',
        streams,
      }),
    )
    expect(out.replace(/\t/g, '')).toBe('7\ny\n/data\nCapEff:0000000000000000\nSeccomp:2\n')
    expect(code).toBe(4)
    const missing = execInContainer(bed.context, id, { command: ['/nope'] })
    await expect(missing).rejects.toMatchObject({ exitCode: 127 })
    await removeContainer(bed.context, id, { force: true })
  })

  test('execInContainer() forwards the first signal, and leaves a process that ignores it', async () => {
    const { id } = await runDetached(bed.context, { ...base(), command: ['sleep', '100'] })
    const script = 'trap "echo caught" TERM; echo up; while true; do sleep 0.05; done'
    let said = ''
    const [stdout, stderr] = [makePipe(), makePipe()]
    const descriptors = { stdin: 0, stdout: stdout.write, stderr: stderr.write }
    const streams = new DescriptorStreams(descriptors)
    const command = ['sh', '-c', script]
    const ended = execInContainer(bed.context, id, { command, streams, onSignals: () => {} })
    for await (const chunk of readPipe(stdout.read)) {
      said += new TextDecoder().decode(chunk)
      if (said === 'up\n') process.kill(process.pid, 'SIGTERM')
      if (said === 'up\ncaught\n') break
    }
    expect(await ended).toEqual({ type: 'interrupted', code: 143 })
    expect(getContainer(bed.context, id).state.status).toBe('running')
    await removeContainer(bed.context, id, { force: true })
    for (const fd of [stdout.write, stderr.write, stderr.read]) closeSync(fd)
  })
})

function base(): ContainerOptions {
  return { image: bed.image, network: 'none' }
}

function run(options: Partial<ContainerOptions>, input?: Uint8Array): Promise<RunOutcome> {
  return runIn(bed, options, input)
}
