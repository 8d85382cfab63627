import { expect, test } from 'bun:test'
import { resolve } from 'node:path'
import { Command } from './command.ts'
import { readContainerFlags } from './container-flags.ts'
import { addContainerOptions, type ContainerFlags } from './container-options.ts'
import { parseCommand, runParsed } from './parse-command.ts'

/** Returns the options of the engine for a command line of `run`. */
async function read(...argv: readonly string[]): ReturnType<typeof readContainerFlags> {
  const command = addContainerOptions(new Command('run')).action(
    (image: string, words: readonly string[], options: ContainerFlags) => {
      parsed = readContainerFlags(image, words, options)
    },
  )
  let parsed: ReturnType<typeof readContainerFlags> | undefined
  await runParsed(parseCommand(command, argv))
  return (await parsed) ?? Promise.reject(new Error('the command did not run'))
}

test('readContainerFlags() reads combined letters and leaves the command unchanged', async () => {
  expect(await read('-itu', 'me', '--rm', 'app', 'ls', '-l', '--rm')).toMatchObject({
    image: 'app',
    command: ['ls', '-l', '--rm'],
    interactive: true,
    tty: true,
    user: 'me',
    remove: true,
    pull: 'missing',
  })
})

test('readContainerFlags() makes a relative source absolute, but not a volume', async () => {
  const { mounts } = await read('-v', './data:/a', '-v', 'data:/b', '-v', '..:/c:ro', 'app')
  expect(mounts).toMatchObject([
    { type: 'bind', source: resolve('data'), destination: '/a' },
    { type: 'volume', source: 'data', destination: '/b' },
    { type: 'bind', source: resolve('..'), destination: '/c', readOnly: true },
  ])
})

test('readContainerFlags() reads ports, resources and security', async () => {
  const options = await read(
    '-p',
    '127.0.0.1:8080:80',
    '-m',
    '64m',
    '--memory-swap',
    '-1',
    '--cpus',
    '0.5',
    '--cap-drop',
    'ALL',
    '--cap-add',
    'CHOWN',
    '--security-opt',
    'no-new-privileges',
    'app',
  )
  expect(options).toMatchObject({
    ports: [{ hostIp: '127.0.0.1', containerPort: 80 }],
    resources: { memory: 64 * 1024 ** 2, memorySwap: -1, cpus: 0.5 },
    security: { drop: ['ALL'], add: ['CHOWN'], noNewPrivileges: true },
  })
})

test('readContainerFlags() reads --cpus 0 as no limit and --net as --network', async () => {
  const options = await read('--cpus', '0', '--net', 'none', 'app')
  expect(options.network).toBe('none')
  expect(options.resources).toEqual({ cpus: 0 })
})

test('readContainerFlags() removes the entrypoint when it is empty', async () => {
  expect((await read('--entrypoint', '', 'app')).entrypoint).toEqual([])
  expect((await read('--entrypoint', 'sh', 'app')).entrypoint).toEqual(['sh'])
})

test('readContainerFlags() reads labels and health checks', async () => {
  const options = await read(
    '-l',
    'a=b=c',
    '-l',
    'bare',
    '--health-cmd',
    'true',
    '--health-interval',
    '1m30s',
    'app',
  )
  expect(options.labels).toEqual({ a: 'b=c', bare: '' })
  expect(options.health).toEqual({ Test: ['CMD-SHELL', 'true'], Interval: 90_000_000_000 })
  expect((await read('--no-healthcheck', 'app')).health).toEqual({ Test: ['NONE'] })
})

const takenAsAbsent =
  '--workdir --restart --platform --stop-signal --ipc --pid --pull --user --hostname --name ' +
  '--cpuset-cpus --cpuset-mems --log-driver --ip --cidfile --health-cmd'

test('readContainerFlags() treats an empty value as an absent option', async () => {
  const words = takenAsAbsent.split(' ').flatMap((flag) => [flag, ''])
  expect(await read(...words, 'app')).toEqual(await read('app'))
})

const refusedWhenEmpty =
  '--network --net --mount --stop-timeout --memory --memory-swap --cpus --shm-size --add-host ' +
  '--sysctl --ulimit --env --env-file --volume --publish --device --security-opt --tmpfs --log-opt ' +
  '--pids-limit --health-interval --health-timeout --health-start-period --health-start-interval'

test.each(refusedWhenEmpty.split(' '))(
  'readContainerFlags() refuses %s without text',
  async (flag) => {
    await expect(read(flag, '', 'app')).rejects.toThrow()
  },
)

test('readContainerFlags() passes some empty values to the check of the options', async () => {
  const words = ['--label', '', '--dns', '', '--cap-add', '', 'app']
  const options = await read(...words)
  expect(options).toMatchObject({ labels: { '': '' }, dns: [''], security: { add: [''] } })
})

test('readContainerFlags() refuses invalid values', async () => {
  for (const [argv, message] of [
    [['--stop-signal', 'FOO', 'app'], 'FOO'],
    [['--label-file', '/nowhere', 'app'], 'Cannot read the label file /nowhere: no such file'],
    [['-v', 'a:b:c:d', 'app'], 'Cannot mount a:b:c:d'],
    [['--network', 'alias=a', 'app'], 'Cannot use --network alias=a'],
    [['-e', '=x', 'app'], 'no name'],
  ] as const) {
    await expect(read(...argv)).rejects.toThrow(message)
  }
})
