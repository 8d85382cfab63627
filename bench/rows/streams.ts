import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Execution, measure } from '../measure.ts'
import type { Group, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { run } from '../tools/tool.ts'

const MiB = 2 ** 20

/** A file of 500 MB whose contents no file system shortens, made once. */
async function largeFile(stage: Stage): Promise<string> {
  const path = join(await stage.scratch(), 'large')
  if ((await stat(path).catch(() => undefined)) === undefined) {
    const env = { PATH: process.env['PATH'] ?? '' }
    await measure(['dd', 'if=/dev/urandom', `of=${path}`, 'bs=1M', 'count=500'], env)
  }
  return path
}

const inContainer = (stage: Stage, script: string): Promise<Execution> =>
  run(stage.tool, ['exec', 'bench', 'sh', '-c', script])

const copies: readonly Row[] = [
  {
    name: 'cp of 500 MB into a container',
    times: 3,
    before: async (stage) => {
      await stage.withContainer()
      await largeFile(stage)
      await inContainer(stage, 'rm -f /tmp/large')
    },
    run: async (stage) => run(stage.tool, ['cp', await largeFile(stage), 'bench:/tmp/large']),
  },
  {
    name: 'cp of 500 MB out of a container',
    times: 3,
    before: async (stage) => {
      await stage.withContainer()
      await run(stage.tool, ['cp', await largeFile(stage), 'bench:/tmp/large'])
    },
    run: async (stage) =>
      run(stage.tool, ['cp', 'bench:/tmp/large', join(await stage.scratch(), 'copy')]),
    after: async (stage) => rm(join(await stage.scratch(), 'copy')),
  },
]

const logged = 1024 * MiB

const logs: Row = {
  name: 'logs of 1 GB',
  goal: 3300,
  times: 3,
  before: async (stage) => {
    await stage.withBase()
    const script = `yes "$(printf %0100d 0)" | head -c ${logged}`
    const words = ['--network', 'none', '--log-opt', 'max-size=8g', 'base', 'sh', '-c', script]
    await stage.removeContainers()
    await run(stage.tool, ['run', '--name', 'talker', ...words], { isDrained: true })
  },
  run: ({ tool }) => run(tool, ['logs', 'talker'], { isDrained: true }),
  after: (stage) => stage.removeContainers(),
}

const written = 2048 * MiB

const output: Row = {
  name: 'stdout of 2 GB through a pipe',
  goal: 2000,
  times: 3,
  before: (stage) => stage.withBase(),
  run: ({ tool }) => {
    const words = ['--log-driver', 'none', 'base', 'head', '-c', `${written}`, '/dev/zero']
    return run(tool, ['run', '--rm', '--network', 'none', ...words], { isDrained: true })
  },
}

const network = 'benchnet'

async function withNetwork(stage: Stage): Promise<void> {
  await stage.withBase()
  await stage.tool.attempt(['network', 'create', network])
}

const lookUps = 1000

/** Names are asked in one process, because starting processes would take most of the time. */
const asking = `gethostbyname("server") or die "no answer" for 1..${lookUps}`

const names: readonly Row[] = [
  {
    name: 'run --rm, network of the user (crun)',
    goal: 58,
    times: 11,
    before: withNetwork,
    run: ({ tool }) => {
      const words = ['run', '--rm', '--network', network, 'base', 'true']
      return run(tool, words, { runtime: 'crun' })
    },
  },
  {
    name: `${lookUps} look-ups of a name`,
    times: 3,
    before: async (stage) => {
      await withNetwork(stage)
      await stage.removeContainers()
      for (const name of ['server', 'client']) {
        const words = ['--network', network, '--name', name, 'base', 'sleep', '1d']
        await run(stage.tool, ['run', '-d', ...words])
      }
    },
    run: ({ tool }) => run(tool, ['exec', 'client', 'perl', '-e', asking]),
    after: (stage) => stage.removeContainers(),
  },
]

/** Sends bytes to everyone who connects. */
const sender = `use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die;
my $block = "\\0" x 1048576;
while (my $client = $server->accept) { for (1..1024) { print $client $block or last } close $client }`

/** Reads until the sender closes. The address is not 127.0.0.1, so that no proxy takes part. */
const receiver = (address: string, port: number): string =>
  `exec 3<>/dev/tcp/${address}/${port}; head -c ${logged} <&3 | wc -c | grep -qx ${logged}`

const address = '198.51.100.1'
const port = 8089

const published: Row = {
  name: '1 GB from a published port',
  times: 3,
  before: async (stage) => {
    await stage.withBase()
    await stage.removeContainers()
    await withAddress()
    const words = ['-p', `${port}:80`, '--name', 'sender', 'base', 'perl', '-e', sender]
    await run(stage.tool, ['run', '-d', ...words])
    await Bun.sleep(500)
  },
  run: () => measure(['bash', '-c', receiver(address, port)], { PATH: process.env['PATH'] ?? '' }),
  after: (stage) => stage.removeContainers(),
}

/** The network namespace of the sandbox has only the loopback device. */
async function withAddress(): Promise<void> {
  const script = `ip address show dev lo | grep -q ${address} || ip address add ${address}/32 dev lo`
  await measure(['sh', '-c', script], { PATH: process.env['PATH'] ?? '' })
}

/** Rows about bytes that go into containers and come out of them. */
export const streams: Group = [...copies, logs, output, ...names, published]
