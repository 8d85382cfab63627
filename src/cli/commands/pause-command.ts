import { pauseContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

export function define(context: Context): Command {
  return new Command('pause')
    .description('Suspend all processes of containers')
    .argument('<container...>')
    .examples('strake pause web')
    .action(async (names: readonly string[]) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        await pauseContainer(engine, name)
        return name
      })
    })
}
