// The part of the benchmark inside the sandbox: starts the tools, runs the
// rows, and writes the results into a file for main.ts.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { availableParallelism, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { type BuildContext, createContext } from './context.ts'
import { type Environment, measure } from './measure.ts'
import { type Options, type ToolName, toolNames } from './options.ts'
import { createReceivedImage } from './received.ts'
import { serveRegistry, type TestRegistry } from './registry.ts'
import type { Results } from './results.ts'
import type { Row } from './row.ts'
import { groups } from './rows/index.ts'
import { type GroupResult, runGroup } from './runner.ts'
import { Stage } from './stage.ts'
import { openDocker } from './tools/docker.ts'
import { openPodman } from './tools/podman.ts'
import { openStrake } from './tools/strake.ts'
import type { Place, Tool } from './tools/tool.ts'

/** The task of the session, which main.ts writes as JSON into a file. */
export interface Task {
  readonly rows: Options['rows']
  readonly runs?: number | undefined
  /** Tools that cannot take part, and the reasons. */
  readonly absent: Readonly<Partial<Record<ToolName, string>>>
  /** The executable to measure. It does not change during the run. */
  readonly program: string
  readonly project: string
  readonly base: string
  /** The stores are on disk, so writes of one command may continue during the next one. */
  readonly onDisk: boolean
  /** The file for the results. */
  readonly output: string
}

function open(name: ToolName, place: Place, { program }: Task): Promise<Tool> {
  if (name === 'strake') return openStrake(place, program)
  return name === 'docker' ? openDocker(place) : openPodman(place)
}

async function work(directory: string, task: Task): Promise<Results> {
  await using stack = new AsyncDisposableStack()
  const place = await makePlace(directory)
  const tools: Partial<Record<ToolName, string>> = { ...task.absent }
  const opened: Tool[] = []
  for (const name of toolNames.filter((each) => task.absent[each] === undefined)) {
    try {
      const tool = stack.use(await open(name, place, task))
      opened.push(tool)
      tools[name] = tool.about
    } catch (error) {
      if (name === 'strake') throw error
      tools[name] = `not measured: ${error instanceof Error ? error.message : String(error)}`
    }
  }
  const context = createContext(task.project, join(directory, 'app'), place.env)
  const stages = await makeStages(stack, place, { tools: opened, context, base: task.base })
  const found = await runRows(stages, task, place.env)
  return { machine: await describeMachine(directory), tools, ...found }
}

async function makePlace(directory: string): Promise<Place> {
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: join(directory, 'home'),
    TMPDIR: join(directory, 'tmp'),
    LANG: 'C.UTF-8',
  }
  await mkdir(env.HOME)
  await mkdir(env.TMPDIR)
  return { directory, env }
}

interface StageParts {
  readonly tools: readonly Tool[]
  readonly context: BuildContext
  readonly base: string
}

/** A stage per tool, each with a registry of its own, and one registry to pull from. */
async function makeStages(
  stack: AsyncDisposableStack,
  place: Place,
  { tools, context, base }: StageParts,
): Promise<readonly Stage[]> {
  const stages: Stage[] = []
  const serve = async (name: string, port: number): Promise<TestRegistry> =>
    stack.use(await serveRegistry(join(place.directory, `registry-${name}`), port, place.env))
  const source = await serve('source', 5000)
  const received = createReceivedImage(place, source, () => {
    const stage = stages.find(({ tool }) => tool.name === 'strake')
    if (stage === undefined) throw new Error('strake is missing')
    return stage
  })
  for (const [index, tool] of tools.entries()) {
    const registry = await serve(tool.name, 5001 + index)
    stages.push(new Stage(tool, { context, base, registry, received }))
  }
  return stages
}

async function runRows(
  stages: readonly Stage[],
  task: Task,
  env: Environment,
): Promise<GroupResult> {
  const isWanted = (row: Row): boolean =>
    task.rows.length === 0 || task.rows.some((word) => row.name.includes(word))
  const results: GroupResult[] = []
  for (const group of groups) {
    results.push(
      await runGroup(group, stages, {
        isWanted,
        report: console.log,
        runs: task.runs,
        settle: task.onDisk ? () => measure(['sync'], env) : undefined,
      }),
    )
  }
  return {
    rows: results.flatMap(({ rows }) => rows),
    equal: results.flatMap(({ equal }) => equal),
    weights: results.flatMap(({ weights }) => weights),
  }
}

async function describeMachine(directory: string): Promise<string> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' '))
  const mount = mounts.findLast(([, path = '?']) => directory.startsWith(path))
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  const system = /^PRETTY_NAME="(.*)"$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1]
  return [
    `${system}, Linux ${release()}`,
    `${availableParallelism()} processors, ${memory}`,
    `stores on ${mount?.[2]}`,
  ].join('; ')
}

const [directory, file] = process.argv.slice(2)
if (directory === undefined || file === undefined)
  throw new Error('session.ts is started by main.ts')
process.on('SIGINT', () => process.exit(130))
const task = JSON.parse(await readFile(file, 'utf8')) as Task
await writeFile(task.output, JSON.stringify(await work(directory, task)))
