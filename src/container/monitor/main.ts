import {
  becomeSubreaper,
  fs,
  isAlive,
  lockDirectory,
  newSession,
  readInput,
  releaseMemory,
  sleep,
  writeDescriptorNow,
} from '#platform'
import { type ContainerPaths, containerPaths } from '../model/context.ts'
import { readState } from '../model/state.ts'
import { type MonitorCommand, type MonitorReport, readOrder } from '../protocol/order.ts'
import { closedStore } from './store.ts'
import { type SuperviseOptions, supervise } from './supervise.ts'

/**
 * The hidden role in which this program watches one container. It reads commands
 * on its standard input and writes reports to its standard output. It continues when the
 * process that started it ends. With the directory of a container it takes over the container, which
 * runs and has lost its monitor. Never returns.
 */
export async function monitorMain(adopted?: string): Promise<void> {
  newSession()
  becomeSubreaper()
  // A lost reader must not end the monitor.
  process.on('SIGPIPE', () => {})
  if (adopted !== undefined) return await adopt(adopted)
  const commands = readCommands()
  const { value: first } = await commands.next()
  if (first?.type !== 'start') process.exit(0)
  await watch(first.directory, {
    streams: first.streams,
    onSignal: (send) => void listen(commands, send),
  })
}

/** Milliseconds between two looks at the monitor that hands a container over, and the most looks. */
const handoverPause = 10
const mostLooks = 1000

/** Ends without a report if another monitor is faster, or if the container has ended. */
async function adopt(directory: string): Promise<void> {
  const paths = pathsOf(directory)
  const parent = process.ppid
  for (let looks = 0; looks < mostLooks; looks++) {
    const { monitor } = readState(paths)
    // The monitor that hands the container over has started this process, and ends.
    if (monitor?.pid !== parent || !isAlive(monitor)) break
    await sleep(handoverPause)
  }
  const lock = await lockDirectory(directory)
  const { adoptable } = await import('./adopted-process.ts')
  const adopted = adoptable(readState(paths))
  if (adopted === undefined) process.exit(0)
  await watch(directory, { streams: {}, onSignal: () => {}, adopted, lock })
}

type WatchOptions = Pick<SuperviseOptions, 'streams' | 'onSignal' | 'adopted' | 'lock'>

async function watch(directory: string, options: WatchOptions): Promise<never> {
  try {
    await supervise({
      ...open(directory),
      ...options,
      report,
      // This process has no other work. Others can already start and remove the container.
      patience: Number.POSITIVE_INFINITY,
    })
    process.exit(0)
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error)
    fs().appendFileSync(`${directory}/monitor.log`, `${new Date().toISOString()} ${text}\n`)
    process.exit(1)
  }
}

function open(directory: string): Pick<SuperviseOptions, 'order' | 'paths' | 'store'> {
  const order = readOrder(`${directory}/order.json`)
  return { order, paths: containerPaths(order, idOf(directory)), store: closedStore(order) }
}

function idOf(directory: string): string {
  return directory.slice(directory.lastIndexOf('/') + 1)
}

function pathsOf(directory: string): ContainerPaths {
  return open(directory).paths
}

async function listen(
  commands: AsyncIterable<MonitorCommand>,
  signal: (name: NodeJS.Signals) => void,
): Promise<void> {
  for await (const command of commands) {
    if (command.type === 'signal') signal(command.signal as NodeJS.Signals)
  }
}

async function* readCommands(): AsyncGenerator<MonitorCommand> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of readInput(0)) {
    text += decoder.decode(chunk, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line)
  }
}

/** Milliseconds after a start, when the monitor of a container that keeps running has no more work. */
const settled = 1000

function report(report: MonitorReport): void {
  if (report.type === 'started') setTimeout(releaseMemory, settled)
  try {
    writeDescriptorNow(1, new TextEncoder().encode(`${JSON.stringify(report)}\n`))
  } catch {
    // The process that started the monitor has ended. Other processes read the state files.
  }
}
