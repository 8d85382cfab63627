import { startAttached, startContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { endWith } from '../detach.ts'
import { forEachName } from '../each.ts'

interface Options {
  readonly attach?: true
  readonly detachKeys?: string
  readonly interactive?: true
}

export function define(context: Context): Command {
  return new Command('start')
    .description('Start stopped containers')
    .argument('<container...>')
    .option('-a, --attach', 'join the output and forward signals')
    .option('--detach-keys <keys>', 'keys that leave the container running; default: ctrl-p,ctrl-q')
    .option('-i, --interactive', 'join the input too')
    .examples('strake start -a job')
    .action(async (names: readonly string[], options: Options) => {
      const engine = await context.engine()
      const [only] = names
      if ((options.attach || options.interactive) && only !== undefined && names.length === 1) {
        const end = await startAttached(engine, only, {
          stdin: options.interactive === true,
          detachKeys: options.detachKeys,
          onSignals: context.leaveSignals,
          signal: context.signal,
        })
        return endWith(context, end)
      }
      await forEachName(context, names, async (name) => {
        await startContainer(engine, name)
        return name
      })
    })
}
