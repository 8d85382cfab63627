import { parseLogFlags } from '#docker/flags/log-flags'
import {
  DescriptorStreams,
  formatAttributes,
  type LogEntry,
  readContainerLogBatches,
} from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { untilAborted } from '../until-aborted.ts'

interface Options {
  readonly follow?: true
  readonly since?: string
  readonly until?: string
  readonly tail?: string
  readonly timestamps?: true
  readonly details?: true
}

export function define(context: Context): Command {
  return new Command('logs')
    .description('Show what a container printed')
    .argument('<container>')
    .option('--details', 'begin each line with the labels and variables of --log-opt')
    .option('-f, --follow', 'continue until the container ends')
    .option('--since <time>', 'RFC 3339, seconds since 1970, or an age such as 10m')
    .option('--until <time>', 'show nothing later; same forms as --since')
    .option('-n, --tail <lines>', 'number of last lines to show', { default: 'all' })
    .option('-t, --timestamps', 'begin each line with its time')
    .examples('strake logs -f --tail 20 web')
    .action(async (name: string, options: Options) => {
      const { signal } = context
      const batches = readContainerLogBatches(await context.engine(), name, {
        ...parseLogFlags(options),
        signal,
      })
      const write = options.follow === true ? followWith(signal) : writeWith(context)
      for await (const entries of batches) {
        for (const { stream, text } of inRuns(entries, options)) {
          await write(stream, text)
        }
      }
      signal.throwIfAborted()
    })
}

type Write = (stream: LogEntry['stream'], text: string) => Promise<void>

/** When the reader closes the pipe, the command ends as `cat` would. */
function writeWith({ out, err, signal }: Context): Write {
  return async (stream, text) => {
    const output = stream === 'stderr' ? err : out
    output.write(text)
    await untilAborted(output.drained(), signal)
    signal.throwIfAborted()
  }
}

/** Throws a `StrakeError` when the reader closes the pipe. The container continues. */
function followWith(signal: AbortSignal): Write {
  const streams = new DescriptorStreams()
  return async (stream, text) => {
    await untilAborted(streams.output(stream, new TextEncoder().encode(text)), signal)
    signal.throwIfAborted()
  }
}

/** Joins consecutive entries of one stream into one text. */
function* inRuns(
  entries: readonly LogEntry[],
  options: Pick<Options, 'timestamps' | 'details'>,
): Generator<Pick<LogEntry, 'stream' | 'text'>> {
  let run = { stream: entries[0]?.stream ?? 'stdout', text: '' }
  for (const entry of entries) {
    const { stream, text, startsLine } = entry
    if (stream !== run.stream) {
      if (run.text !== '') yield run
      run = { stream, text: '' }
    }
    run.text += startsLine ? `${prefixOf(entry, options)}${text}` : text
  }
  if (run.text !== '') yield run
}

/** As in Docker, the details are an empty word where the log keeps none. */
function prefixOf(
  { time, attributes = {} }: LogEntry,
  { timestamps, details }: Pick<Options, 'timestamps' | 'details'>,
): string {
  return [timestamps ? [formatTime(time)] : [], details ? [formatAttributes(attributes)] : []]
    .flat()
    .map((word) => `${word} `)
    .join('')
}

/** Always nine digits, so that lines stay aligned. */
function formatTime(time: string): string {
  return time.replace(/(?:\.(\d+))?Z$/, (_, digits: string = '') => `.${digits.padEnd(9, '0')}Z`)
}
