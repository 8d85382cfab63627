import { waitContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

export function define(context: Context): Command {
  return new Command('wait')
    .description('Wait until containers end and print their exit codes')
    .argument('<container...>')
    .examples('strake wait job')
    .action(async (names: readonly string[]) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) =>
        String(await waitContainer(engine, name, context.signal)),
      )
    })
}
