import { renameContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

export function define(context: Context): Command {
  return new Command('rename')
    .description('Rename a container')
    .argument('<container>')
    .argument('<name>')
    .examples('strake rename web old-web')
    .action(async (nameOrId: string, name: string) => {
      await renameContainer(await context.engine(), nameOrId, name)
    })
}
