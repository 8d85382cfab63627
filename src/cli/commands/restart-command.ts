import { restartContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import { parseWhole } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

interface RestartOptions {
  readonly signal?: string
  readonly timeout?: number
}

export function define(context: Context): Command {
  return new Command('restart')
    .description('Stop containers and start them again')
    .argument('<container...>')
    .option('-s, --signal <signal>', 'signal that is sent first; default: the stop signal')
    .option('-t, --timeout <seconds>', 'seconds until SIGKILL', parseWhole)
    .examples('strake restart web')
    .action(async (names: readonly string[], options: RestartOptions) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        await restartContainer(engine, name, {
          timeout: options.timeout,
          stopSignal: options.signal,
          signal: context.signal,
        })
        return name
      })
    })
}
