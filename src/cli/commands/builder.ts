import { Command } from 'commander'
import { pruneCache } from '#engine/prune'
import { addLongForms } from '../arguments/long-forms.ts'
import type { Context } from '../context.ts'
import { confirmed, printPruned } from '../prune.ts'

export function define(context: Context): Command {
  const command = new Command('builder').description('Look after the build cache')
  addLongForms(command)
  command
    .command('prune')
    .description('Forget what builds remember, and remove what only they kept')
    .option('-a, --all', 'accepted for compatibility: all of it goes')
    .option('-f, --force', 'do not ask')
    .addHelpText('after', '\nExample:\n  strake builder prune -f')
    .action(async (options: { readonly force?: true }) => {
      const question = 'This removes the build cache. Go on?'
      if (!(await confirmed(context, question, options.force === true))) return
      printPruned(context, await pruneCache(await context.engine()))
    })
  return command
}
