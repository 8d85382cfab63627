import { ask, timed } from '../api.ts'
import { type Execution, measure } from '../measure.ts'
import type { Group, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { run } from '../tools/tool.ts'

const count = 100
const listings = 500
const atOnce = 8
const names = Array.from({ length: count }, (_, index) => `many${index}`)

/** Starts all containers, eight commands at a time. */
async function startAll({ tool }: Stage): Promise<Execution> {
  const start = performance.now()
  const waiting = [...names]
  let peakBytes = 0
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const words = ['run', '-d', '--name', name, 'base', 'sleep', '1d']
      const execution = await run(tool, words, { runtime: 'crun' })
      peakBytes = Math.max(peakBytes, execution.peakBytes)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const milliseconds = performance.now() - start
  return { milliseconds, peakBytes, exitCode: 0, stdout: '', stderr: '' }
}

const removeAll = ({ tool }: Stage): Promise<Execution> => run(tool, ['rm', '--force', ...names])

/** Makes sure that all containers run and that no other container exists. */
async function withHundred(stage: Stage): Promise<void> {
  await stage.withBase()
  if ((await running(stage)).length === count) return
  await withoutAny(stage)
  await startAll(stage)
}

async function running({ tool }: Stage): Promise<readonly string[]> {
  const { stdout } = await run(tool, ['ps', '--quiet'])
  return stdout.split('\n').filter((id) => id !== '')
}

async function withoutAny(stage: Stage): Promise<void> {
  await stage.withBase()
  await stage.removeContainers()
}

const withAll = (name: string, goal: number | undefined, args: readonly string[]): Row => ({
  name,
  ...(goal === undefined ? {} : { goal }),
  times: 5,
  before: withHundred,
  run: ({ tool }) => run(tool, args),
})

/** Rows about a hundred running containers. */
export const hundred: Group = [
  {
    name: 'run -d (crun)',
    goal: 60,
    times: 11,
    before: withoutAny,
    run: ({ tool }) =>
      run(tool, ['run', '-d', '--network', 'none', 'base', 'sleep', '1d'], { runtime: 'crun' }),
  },
  { name: `run -d of ${count}`, times: 3, before: withoutAny, run: startAll },
  withAll(`ps, ${count} containers`, 30, ['ps']),
  withAll(`stats --no-stream, ${count} containers`, 250, ['stats', '--no-stream']),
  {
    name: `docker ps, ${count} containers, by the API`,
    times: 5,
    before: withHundred,
    run: async ({ tool }) => await measure(['docker', 'ps'], (await tool.api()).env),
  },
  {
    name: `GET /containers/json of ${count}, ${listings} times`,
    goal: 1000,
    times: 5,
    before: withHundred,
    run: async ({ tool }) => {
      const api = await tool.api()
      return await timed(api, async () => {
        for (let left = listings; left > 0; left -= 1) await ask(api, '/containers/json')
      })
    },
  },
  {
    name: `rm --force of ${count}`,
    times: 3,
    before: withHundred,
    run: removeAll,
  },
]
