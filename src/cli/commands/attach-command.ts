import { attachContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { endWith } from '../detach.ts'

interface Options {
  readonly detachKeys?: string
  readonly sigProxy: boolean
  readonly stdin: boolean
}

export function define(context: Context): Command {
  return new Command('attach')
    .description('Join the standard streams of a running container')
    .argument('<container>')
    .option('--detach-keys <keys>', 'keys that leave the container running; default: ctrl-p,ctrl-q')
    .option('--no-sig-proxy', 'do not forward signals')
    .option('--sig-proxy', '', { hidden: true })
    .option('--no-stdin', 'do not join the input')
    .examples('strake attach web')
    .action(async (name: string, options: Options) => {
      const end = await attachContainer(await context.engine(), name, {
        stdin: options.stdin,
        detachKeys: options.detachKeys,
        onSignals: options.sigProxy ? context.leaveSignals : undefined,
        signal: context.signal,
      })
      endWith(context, end)
    })
}
