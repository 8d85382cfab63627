import { killContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

export function define(context: Context): Command {
  return new Command('kill')
    .description('Send a signal to containers')
    .argument('<container...>')
    .option('-s, --signal <signal>', 'name or number', { default: 'SIGKILL' })
    .examples('strake kill -s HUP web')
    .action(async (names: readonly string[], options: { readonly signal: string }) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        await killContainer(engine, name, options.signal)
        return name
      })
    })
}
