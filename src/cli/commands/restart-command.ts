import { restartContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import { parseWhole } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

export function define(context: Context): Command {
  return new Command('restart')
    .description('Stop containers and start them again')
    .argument('<container...>')
    .option('-t, --timeout <seconds>', 'seconds until SIGKILL', parseWhole)
    .examples('strake restart web')
    .action(async (names: readonly string[], options: { readonly timeout?: number }) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        await restartContainer(engine, name, { ...options, signal: context.signal })
        return name
      })
    })
}
