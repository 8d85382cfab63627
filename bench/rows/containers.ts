import { exitCodesOf } from '../equal.ts'
import type { Execution } from '../measure.ts'
import type { Group, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { type RuntimeName, run } from '../tools/tool.ts'

const withBase = (stage: Stage): Promise<void> => stage.withBase()

const simple = (name: string, goal: number, args: readonly string[]): Row => ({
  name,
  goal,
  times: 21,
  before: withBase,
  run: ({ tool }) => run(tool, args),
})

export const startUp: Group = [
  simple('start-up: --version', 20, ['--version']),
  simple('images', 15, ['images']),
  simple('ps', 15, ['ps']),
]

const networks = [
  { title: '--network none', args: ['--network', 'none'], allowance: 0 },
  { title: '--network host', args: ['--network', 'host'], allowance: 0 },
  { title: 'bridge', args: ['--network', 'bridge'], allowance: 8 },
  { title: 'bridge, -p', args: ['--network', 'bridge', '-p', '8080:80'], allowance: 8 },
]

/** A run of `true` from start to end, with the goal for that runtime. */
function runRows(runtime: RuntimeName, goal: number): readonly Row[] {
  return networks.map(({ title, args, allowance }) => ({
    name: `run --rm ${title} (${runtime})`,
    goal: goal + allowance,
    times: 11,
    before: withBase,
    run: ({ tool }: Stage): Promise<Execution> =>
      run(tool, ['run', '--rm', ...args, 'base', 'true'], { runtime }),
  }))
}

export const containers: Group = [
  ...runRows('crun', 40),
  ...runRows('runc', 85),
  {
    name: 'exec',
    goal: 25,
    times: 11,
    before: (stage) => stage.withContainer(),
    run: ({ tool }) => run(tool, ['exec', 'bench', 'true']),
    equal: { what: 'exit codes of run', of: ({ tool }) => exitCodesOf(tool) },
  },
]
