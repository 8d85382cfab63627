import { listContainerProcesses } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatTable } from '../render/table.ts'

export function define(context: Context): Command {
  return new Command('top')
    .description('Show the processes of a running container')
    .argument('<container>')
    .argument('[ps-option...]')
    .passThroughOptions()
    .notes('Process IDs are those of the host. The options are passed to the program ps.')
    .examples('strake top web', 'strake top web -o pid,user,args')
    .action(async (name: string, psArguments: readonly string[]) => {
      const engine = await context.engine()
      const { titles, processes } = await listContainerProcesses(engine, name, psArguments)
      context.out.write(formatTable(titles, processes, { narrowest: 20 }))
    })
}
