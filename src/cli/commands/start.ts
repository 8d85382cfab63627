import { Command } from 'commander'
import { startAttached, startContainer } from '#engine/container'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

interface Options {
  readonly attach?: true
  readonly interactive?: true
}

export function define(context: Context): Command {
  return new Command('start')
    .description('Start stopped containers')
    .argument('<container...>')
    .option('-a, --attach', 'join the output and forward signals')
    .option('-i, --interactive', 'join the input too')
    .addHelpText('after', '\nExample:\n  strake start -a job')
    .action(async (names: readonly string[], options: Options) => {
      const engine = await context.engine()
      const [only] = names
      if ((options.attach || options.interactive) && only !== undefined && names.length === 1) {
        context.leaveSignals()
        context.exitCode = await startAttached(engine, only)
        return
      }
      await forEachName(context, names, async (name) => {
        await startContainer(engine, name)
        return name
      })
    })
}
