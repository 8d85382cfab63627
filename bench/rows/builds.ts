import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Execution, measure } from '../measure.ts'
import type { Comparison } from '../results.ts'
import type { Group, Row } from '../row.ts'
import type { Stage } from '../stage.ts'
import { run } from '../tools/tool.ts'

let runsOfSteps = 0

/** Builds a Dockerfile with a context of its own, or with the directory `context`. */
async function buildText(
  stage: Stage,
  text: string,
  { context, options = [] }: { context?: string; options?: readonly string[] } = {},
): Promise<Execution> {
  const directory = join(await stage.scratch(), 'small')
  await mkdir(directory, { recursive: true })
  const file = join(directory, 'Dockerfile')
  await writeFile(file, text)
  return run(stage.tool, [
    'build',
    '-q',
    '-f',
    file,
    ...options,
    '-t',
    'built',
    context ?? directory,
  ])
}

/** A step whose text differs at every call, so that no cache has it. */
const step = (mount: string): string =>
  `FROM base\nRUN ${mount} echo ${++runsOfSteps} >/cached; cp /cached /written\n`

const withoutMount = 'build, a RUN'
const mount = '--mount=type=cache,target=/cache'

const runs: readonly Row[] = [
  {
    name: withoutMount,
    times: 11,
    before: (stage) => stage.withBase(),
    run: (stage) => buildText(stage, step('')),
  },
  {
    name: 'build, a RUN with a warm cache mount',
    comparedWith: { row: withoutMount, more: 60 },
    times: 11,
    before: async (stage) => {
      await stage.withBase()
      await buildText(stage, step(mount))
    },
    run: (stage) => buildText(stage, step(mount)),
  },
]

const stageCount = 50

/** Rounds of a shell's loop that take a second while both processors work. */
let rounds: number | undefined

const loop = (count: number): string =>
  `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); done; echo $i >/done`

async function calibrate(): Promise<number> {
  const count = 1_000_000
  const work = `(${loop(count).replace('/done', '/dev/null')})`
  const { milliseconds } = await measure(['dash', '-c', `${work} & ${work}; wait`], {
    PATH: process.env['PATH'] ?? '',
  })
  return Math.round((count * 1000) / milliseconds)
}

const manyStages = (count: number): string => {
  const numbers = Array.from({ length: stageCount }, (_, index) => index)
  const stages = numbers.map(
    (index) => `FROM base AS s${index}\nRUN : ${++runsOfSteps}; ${loop(count)}\n`,
  )
  const copies = numbers.map((index) => `COPY --from=s${index} /done /done${index}\n`)
  return `${stages.join('')}FROM base\n${copies.join('')}`
}

const parallel: Row = {
  name: `build, ${stageCount} stages of a second`,
  goal: (stageCount / 2) * 1000 * 1.1,
  times: 1,
  before: async (stage) => {
    await stage.withBase()
    rounds ??= await calibrate()
  },
  run: (stage) => buildText(stage, manyStages(rounds ?? 0)),
}

const files = 100_000

/** A context of many small files in 100 directories, made once. */
async function manyFiles(stage: Stage): Promise<string> {
  const directory = join(await stage.scratch(), 'many')
  if ((await stat(directory).catch(() => undefined)) !== undefined) return directory
  for (let folder = 0; folder < 100; folder++) {
    const path = join(directory, `folder${folder}`)
    await mkdir(path, { recursive: true })
    for (let file = 0; file < files / 100; file++) {
      await writeFile(join(path, `file${file}`), `${folder} ${file}\n`)
    }
  }
  return directory
}

const withoutLink = 'build, COPY of 100,000 files'

const copyRow = (name: string, flag: string, comparedWith?: Comparison): Row => ({
  name,
  times: 3,
  ...(comparedWith === undefined ? {} : { comparedWith }),
  before: async (stage) => {
    await stage.fresh()
    await manyFiles(stage)
  },
  run: async (stage) =>
    buildText(stage, `FROM base\nCOPY ${flag} . /files\n`, { context: await manyFiles(stage) }),
})

/** Two platforms have two RUNs of a second. */
const platforms = (name: string, list: string, goal?: number): Row => ({
  name,
  times: 3,
  ...(goal === undefined ? {} : { goal }),
  before: async (stage) => {
    await stage.withBase()
    rounds ??= await calibrate()
  },
  run: async (stage) => {
    const text = `FROM --platform=$BUILDPLATFORM base AS work
ARG TARGETPLATFORM
COPY . /app
RUN : $TARGETPLATFORM ${++runsOfSteps}; ${loop(rounds ?? 0)}
FROM scratch
COPY --from=work /done /done
`
    const context = await stage.props.context.prepare()
    return buildText(stage, text, { context, options: ['--platform', list] })
  },
})

/** Rows about single features of a build. */
export const builds: Group = [
  ...runs,
  parallel,
  copyRow(withoutLink, ''),
  copyRow('build, COPY --link of 100,000 files', '--link', { row: withoutLink, ratio: 1.1 }),
  platforms('build, one platform', 'linux/amd64'),
  platforms('build, two platforms', 'linux/amd64,linux/arm64', 2 * 1000 * 1.1),
]
