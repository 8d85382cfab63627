// Measures operations that a user waits for, with strake and its peers in turn on the same work:
// `make bench`, or single rows with `scripts/bun bench/main.ts run push --runs 3`.
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cache, prepareInputs, preparePeers } from './inputs.ts'
import {
  type Options,
  parseOptions,
  peerNames,
  type ToolName,
  UsageError,
  usage,
} from './options.ts'
import { agree, type Results } from './results.ts'
import { enter, type Sandbox } from './sandbox.ts'
import type { Task } from './session.ts'
import { renderResults } from './table.ts'

const introduction = `# Results of \`make bench\`

Whole commands from start to end, by strake, Docker and Podman in turn, in one root with the
same runtimes. Memory is the largest resident size of any one process of the command (never
below what the benchmark has itself, some 45 MB); for Docker plus that of dockerd and containerd
while it worked. A ratio below 1 means that strake is faster.
`

interface Peers {
  readonly root?: string
  readonly absent: Task['absent']
}

/** The root of the peers, or the reason of its absence. */
async function findPeers({ without }: Options): Promise<Peers> {
  const absent: Partial<Record<ToolName, string>> = {}
  for (const peer of without) absent[peer] = 'not measured: left out by --without'
  if (peerNames.every((peer) => without.has(peer))) return { absent }
  try {
    return { root: await preparePeers(), absent }
  } catch (error) {
    const reason = `not measured: ${error instanceof Error ? error.message : String(error)}`
    return { absent: { docker: reason, podman: reason } }
  }
}

/** The session printed why it ended. */
class SessionError extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`The session ended with ${exitCode}`)
    this.exitCode = exitCode
  }
}

type Assignment = Omit<Task, 'output'>

/** Runs the session for one table in a sandbox and reads its results. */
async function runSession(sandbox: Sandbox, task: Assignment): Promise<Results> {
  const exchange = await mkdtemp(join(cache, 'session-'))
  try {
    const output = join(exchange, 'results.json')
    const file = join(exchange, 'task.json')
    const program = join(exchange, 'strake')
    // A copy, because another build may replace the program during the run.
    await copyFile(task.program, program)
    await writeFile(file, JSON.stringify({ ...task, program, output }))
    const session = resolve(import.meta.dir, 'session.ts')
    const exitCode = await enter(sandbox, [process.execPath, session, '{store}', file])
    if (exitCode !== 0) throw new SessionError(exitCode)
    return JSON.parse(await readFile(output, 'utf8')) as Results
  } finally {
    await rm(exchange, { recursive: true, force: true })
  }
}

/** Runs of a row with stores on disk, where every row takes longer. */
const timesOnDisk = 3

async function runOnDisk(sandbox: Sandbox, task: Assignment): Promise<Results> {
  const disk = await mkdtemp(join(cache, 'store-'))
  try {
    return await runSession({ ...sandbox, disk }, { runs: timesOnDisk, ...task, onDisk: true })
  } finally {
    await rm(disk, { recursive: true, force: true })
  }
}

interface Table {
  readonly heading: string
  readonly results: Results
}

function render(tables: readonly Table[]): string {
  const texts = tables.map(({ heading, results }) => renderResults(heading, results))
  return [introduction, ...texts].join('\n')
}

/** A run writes its tables into the cache; `--keep` writes them into the repository. */
async function writeResults({ keep }: Options, tables: readonly Table[]): Promise<void> {
  const directory = keep ? import.meta.dir : cache
  await writeFile(join(directory, 'results.md'), render(tables))
}

async function main(options: Options): Promise<number> {
  if (process.getuid?.() !== 0) throw new UsageError('Cannot measure: containers need root here')
  const { project, base } = await prepareInputs()
  const { root, absent } = await findPeers(options)
  const sandbox = root === undefined ? {} : { root }
  const runs = options.runs === undefined ? {} : { runs: options.runs }
  const program = options.program ?? resolve(import.meta.dir, '../dist/strake')
  const task = { rows: options.rows, ...runs, absent, program, project, base, onDisk: false }
  const tables = [{ heading: 'Stores in memory', results: await runSession(sandbox, task) }]
  // The second table takes longer than the first: keep the first if the second fails.
  await writeResults(options, tables)
  if (options.disk) {
    tables.push({ heading: 'Stores on disk', results: await runOnDisk(sandbox, task) })
    await writeResults(options, tables)
  }
  console.log(`\n${render(tables)}`)
  return tables.every(({ results }) => isSound(results)) ? 0 : 1
}

/** True when strake did every row and all compared results are equal. */
function isSound({ rows, equal }: Results): boolean {
  return equal.every(agree) && rows.every(({ cells }) => cells.strake && 'samples' in cells.strake)
}

try {
  process.exitCode = await main(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (error instanceof SessionError) process.exitCode = error.exitCode
  else if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${usage}`)
    process.exitCode = 2
  } else throw error
}
