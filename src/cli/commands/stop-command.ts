import { stopContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import { parseWhole } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

interface Options {
  readonly signal?: string
  readonly time?: number
  readonly timeout?: number
}

export function define(context: Context): Command {
  return new Command('stop')
    .description('Stop containers: their stop signal first, then SIGKILL')
    .argument('<container...>')
    .option('-s, --signal <signal>', "the signal; default: the container's stop signal")
    .option(
      '-t, --timeout <seconds>',
      'seconds until SIGKILL; default: the stop timeout of the container, or 10',
      parseWhole,
    )
    .option('--time <seconds>', 'another name of --timeout', parseWhole)
    .examples('strake stop -t 30 web')
    .action(async (names: readonly string[], options: Options) => {
      const engine = await context.engine()
      const timeout = options.timeout ?? options.time
      await forEachName(context, names, async (name) => {
        await stopContainer(engine, name, {
          stopSignal: options.signal,
          timeout,
          signal: context.signal,
        })
        return name
      })
    })
}
