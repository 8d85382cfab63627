import { parseLogFlags } from '#docker/flags/log-flags'
import {
  DescriptorStreams,
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
}

export function define(context: Context): Command {
  return new Command('logs')
    .description('Show what a container printed')
    .argument('<container>')
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
        for (const { stream, text } of inRuns(entries, options.timestamps === true)) {
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
  timestamps: boolean,
): Generator<Pick<LogEntry, 'stream' | 'text'>> {
  let run = { stream: entries[0]?.stream ?? 'stdout', text: '' }
  for (const { stream, text, time, startsLine } of entries) {
    if (stream !== run.stream) {
      if (run.text !== '') yield run
      run = { stream, text: '' }
    }
    run.text += timestamps && startsLine ? `${formatTime(time)} ${text}` : text
  }
  if (run.text !== '') yield run
}

/** Always nine digits, so that lines stay aligned. */
function formatTime(time: string): string {
  return time.replace(/(?:\.(\d+))?Z$/, (_, digits: string = '') => `.${digits.padEnd(9, '0')}Z`)
}
