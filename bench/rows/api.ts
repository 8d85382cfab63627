import { connect } from 'node:net'
import { type Api, ask, timed } from '../api.ts'
import { execute, measure, type Sample } from '../measure.ts'
import type { Group, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { composeProject, projectServices } from './compose-project.ts'

/** Runs the Docker CLI with the server of a tool. */
async function docker(stage: Stage, args: readonly string[]): Promise<Sample> {
  const { env } = await stage.tool.api()
  return await measure(['docker', ...args], env)
}

async function build(stage: Stage): Promise<Sample> {
  return await docker(stage, ['build', '-q', '-t', 'app', await stage.props.context.prepare()])
}

const withBase = (stage: Stage): Promise<void> => stage.withBase()

const post = (api: Api, path: string, body?: unknown): Promise<string> =>
  ask(api, path, {
    method: 'POST',
    ...(body === undefined
      ? {}
      : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  })

/** Starts a container that waits, unless it runs already. */
async function withHost(stage: Stage): Promise<void> {
  await stage.withBase()
  const { env } = await stage.tool.api()
  if ((await execute(['docker', 'inspect', 'api-host'], env)).exitCode === 0) return
  await measure(['docker', 'run', '-d', '--name', 'api-host', 'base', 'sleep', '1d'], env)
}

/** Milliseconds from the request that causes an event to the event at a client. */
async function firstEvent(stage: Stage): Promise<Sample> {
  const api = await stage.tool.api()
  const socket = connect(api.socket)
  socket.write('GET /events HTTP/1.1\r\nHost: docker\r\n\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  const arrived = new Promise((resolve) => socket.once('data', resolve))
  try {
    return await timed(api, async () => {
      await post(api, '/containers/api-host/pause')
      await arrived
    })
  } finally {
    await post(api, '/containers/api-host/unpause')
    socket.destroy()
  }
}

const requests = 10_000
const execs = 1000
const atOnce = 64

async function spread(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count
  const one = async (): Promise<void> => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, one))
}

async function exec(api: Api): Promise<void> {
  const wish = { Cmd: ['true'], AttachStdout: true }
  const { Id } = JSON.parse(await post(api, '/containers/api-host/exec', wish)) as { Id: string }
  await post(api, `/exec/${Id}/start`, {})
}

/** Runs a client that attaches, executes or reads logs, and checks what it got. */
async function client(api: Api, number: number): Promise<void> {
  const text = `client ${number}`
  const Cmd = ['sh', '-c', `echo ${text}; echo ${text} >/proc/1/fd/1`]
  const wish = { Cmd, AttachStdout: true }
  const { Id } = JSON.parse(await post(api, '/containers/api-host/exec', wish)) as { Id: string }
  const output = await post(api, `/exec/${Id}/start`, {})
  if (!output.endsWith(`${text}\n`)) throw new Error(`client ${number} got ${output}`)
  await ask(api, '/containers/api-host/logs?stdout=1&tail=1')
}

/** Milliseconds after which a server has freed what it needed for many requests at once. */
const rest = 2000

/** A row whose memory is that of the server some time after the work. */
const memory = (name: string, work: (api: Api) => Promise<void>): Row => ({
  name,
  times: 3,
  before: withHost,
  async run(stage) {
    const api = await stage.tool.api()
    const { milliseconds } = await timed(api, () => work(api))
    await Bun.sleep(rest)
    return { milliseconds, peakBytes: await api.residentBytes() }
  },
})

/** Rows about the API: the same clients with the server of each tool. */
export const api: Group = [
  {
    name: 'docker run --rm, by the API',
    times: 21,
    before: withBase,
    run: (stage) => docker(stage, ['run', '--rm', 'base', 'true']),
  },
  {
    name: 'docker build, unchanged, by the API',
    times: 11,
    before: async (stage) => {
      await stage.withBase()
      await build(stage)
    },
    run: build,
  },
  {
    name: `docker compose up --wait, ${projectServices} services`,
    times: 5,
    before: withBase,
    run: async (stage) => (await composeProject(stage)).up(),
    after: async (stage) => void (await (await composeProject(stage)).down()),
  },
  {
    name: `docker compose down, ${projectServices} services`,
    times: 5,
    before: async (stage) => {
      await stage.withBase()
      await (await composeProject(stage)).up()
    },
    run: async (stage) => (await composeProject(stage)).down(),
  },
  { name: 'first event', goal: 50, times: 21, before: withHost, run: firstEvent },
  memory('an idle server', async (one) => void (await ask(one, '/_ping'))),
  memory(`${requests} requests`, (one) => spread(requests, () => ask(one, '/_ping'))),
  memory(`${execs} execs`, (one) => spread(execs, () => exec(one))),
  memory(`${atOnce} clients at once`, async (one) => {
    await Promise.all(Array.from({ length: atOnce }, (_, number) => client(one, number)))
  }),
  {
    name: 'start of an activated server, to its first answer',
    goal: 60,
    times: 21,
    run: async (stage) => await stage.tool.activate(),
  },
]
