import { unpauseContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

export function define(context: Context): Command {
  return new Command('unpause')
    .description('Resume paused containers')
    .argument('<container...>')
    .examples('strake unpause web')
    .action(async (names: readonly string[]) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        await unpauseContainer(engine, name)
        return name
      })
    })
}
