import { Command } from 'commander'
import { pruneContainers } from '#engine/prune'
import type { Context } from '../context.ts'
import { confirmed, printPruned } from '../prune.ts'

export function define(context: Context): Command {
  const command = new Command('container').description(
    'Container commands by their long names: attach, create, exec, export, inspect, kill, logs, ls, restart, rm, run, start, stop, wait',
  )
  command
    .command('prune')
    .description('Remove all containers that do not run')
    .option('-f, --force', 'do not ask')
    .addHelpText('after', '\nExample:\n  strake container prune -f')
    .action(async (options: { readonly force?: true }) => {
      const question = 'This removes all containers that do not run. Go on?'
      if (!(await confirmed(question, options.force === true))) return
      printPruned(context, await pruneContainers(await context.engine()))
    })
  return command
}
