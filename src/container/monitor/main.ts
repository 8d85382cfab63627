import { appendFileSync, writeSync } from 'node:fs'
import { basename } from 'node:path'
import { becomeSubreaper, newSession, readInput } from '#platform'
import { containerPaths } from '../model/context.ts'
import { type MonitorCommand, type MonitorReport, readOrder } from '../protocol/order.ts'
import { closedStore } from './store.ts'
import { type SuperviseOptions, supervise } from './supervise.ts'

/**
 * The hidden role in which this program watches one container. It reads commands
 * on its standard input and writes reports to its standard output. It continues when the
 * process that started it ends. Never returns.
 */
export async function monitorMain(): Promise<void> {
  newSession()
  becomeSubreaper()
  // A lost reader must not end the monitor.
  process.on('SIGPIPE', () => {})
  const commands = readCommands()
  const { value: first } = await commands.next()
  if (first?.type !== 'start') process.exit(0)
  try {
    await supervise({
      ...open(first),
      report,
      // This process has no other work. Others can already start and remove the container.
      patience: Number.POSITIVE_INFINITY,
      onSignal: (send) => void listen(commands, send),
    })
    process.exit(0)
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error)
    appendFileSync(`${first.directory}/monitor.log`, `${new Date().toISOString()} ${text}\n`)
    process.exit(1)
  }
}

function open({
  directory,
  streams,
}: Extract<MonitorCommand, { type: 'start' }>): Pick<
  SuperviseOptions,
  'order' | 'paths' | 'store' | 'streams'
> {
  const order = readOrder(`${directory}/order.json`)
  const paths = containerPaths(order, basename(directory))
  return { order, paths, store: closedStore(order), streams }
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

function report(report: MonitorReport): void {
  try {
    writeSync(1, `${JSON.stringify(report)}\n`)
  } catch {
    // The process that started the monitor has ended. Other processes read the state files.
  }
}
