import { parseLogFlags } from '#docker/flags/log-flags'
import { readContainerLogs } from '#engine/container/container'
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
    .option('-f, --follow', 'go on until the container ends')
    .option('--since <time>', 'RFC 3339, seconds since 1970, or an age such as 10m')
    .option('--until <time>', 'the same forms')
    .option('-n, --tail <lines>', 'only the last lines; all unless given', { default: 'all' })
    .option('-t, --timestamps', 'begin each line with its time')
    .examples('strake logs -f --tail 20 web')
    .action(async (name: string, options: Options) => {
      const entries = readContainerLogs(await context.engine(), name, {
        ...parseLogFlags(options),
        signal: context.signal,
      })
      for await (const entry of entries) {
        const output = entry.stream === 'stderr' ? context.err : context.out
        output.write(options.timestamps ? `${formatTime(entry.time)} ${entry.text}` : entry.text)
        await untilAborted(output.drained(), context.signal)
        if (context.signal.aborted) break
      }
      context.signal.throwIfAborted()
    })
}

/** Always nine digits, so that lines stay aligned. */
function formatTime(time: string): string {
  return time.replace(/(?:\.(\d+))?Z$/, (_, digits: string = '') => `.${digits.padEnd(9, '0')}Z`)
}
