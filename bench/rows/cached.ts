import type { Execution } from '../measure.ts'
import type { Comparison } from '../results.ts'
import type { Group, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { NotOffered, run } from '../tools/tool.ts'

const names = ({ props }: Stage) => ({
  base: `${props.registry.host}/base:1`,
  app: `${props.registry.host}/app:1`,
  cache: `${props.registry.host}/cache:1`,
})

/** Builds `app` from a base image of the registry, as a runner without any store does. */
async function buildRemotely(stage: Stage, ...options: readonly string[]): Promise<Execution> {
  if (stage.tool.name === 'podman') throw new NotOffered('it has no cache of whole builds')
  const base = ['--build-context', `base=docker-image://${names(stage).base}`]
  const context = await stage.props.context.prepare()
  const execution = await run(stage.tool, [
    'build',
    '-q',
    ...base,
    ...options,
    '-t',
    names(stage).app,
    context,
  ])
  stage.lose()
  return execution
}

/** Makes an empty store, and a registry with nothing but the base image. */
async function coldRunner(stage: Stage): Promise<void> {
  const { base } = names(stage)
  await stage.fresh()
  await stage.clearRegistry()
  await run(stage.tool, ['tag', 'base', base])
  await run(stage.tool, stage.tool.pushArguments(base, 'gzip'))
  stage.lose()
  await stage.empty()
}

/** Builds, and pushes then. */
async function buildThenPush(stage: Stage): Promise<Execution> {
  const built = await buildRemotely(stage)
  const { app } = names(stage)
  const pushed = await run(stage.tool, stage.tool.pushArguments(app, 'gzip'))
  return {
    ...pushed,
    milliseconds: built.milliseconds + pushed.milliseconds,
    peakBytes: Math.max(built.peakBytes, pushed.peakBytes),
  }
}

const inTurn = 'build, then push, cold'
const push = 'build --push, cold'
const exported = (stage: Stage): string => `type=registry,ref=${names(stage).cache},mode=max`

const cold = (name: string, run: Row['run'], comparedWith?: Comparison): Row => ({
  name,
  times: 3,
  ...(comparedWith === undefined ? {} : { comparedWith }),
  before: coldRunner,
  run,
})

/** Rows about builds whose cache and result are in a registry. */
export const cached: Group = [
  cold(inTurn, buildThenPush),
  cold(push, (stage) => buildRemotely(stage, '--push'), { row: inTurn, ratio: 0.85 }),
  cold(
    'build --cache-to registry, cold',
    (stage) => buildRemotely(stage, '--cache-to', exported(stage)),
    { row: push, ratio: 1.2 },
  ),
  {
    name: 'build --cache-from registry, cold store',
    goal: 1500,
    times: 3,
    before: async (stage) => {
      await coldRunner(stage)
      await buildRemotely(stage, '--cache-to', exported(stage))
      await stage.empty()
    },
    run: (stage) => buildRemotely(stage, '--cache-from', `type=registry,ref=${names(stage).cache}`),
  },
]
