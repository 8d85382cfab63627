import { parsePruneFilters } from '#docker/filters/prune-filters'
import { Command } from '../arguments/command.ts'
import { addLongForms } from '../arguments/long-forms.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { confirmed, printPruned } from '../prune.ts'
import { defineExists } from './exists.ts'

export function define(context: Context): Command {
  const command = new Command('container').description('Container commands by their long names')
  addLongForms(command)
  command.addCommand(
    defineExists(context, {
      kind: 'container',
      example: 'strake container exists web || strake run -d --name web nginx',
      exists: ({ records }, name) => records.containers.findByNameOrId(name) !== undefined,
    }),
  )
  command
    .command('prune')
    .description('Remove all stopped containers')
    .option('-f, --force', 'do not ask')
    .option('--filter <condition>', 'until=AGE, label=KEY[=VALUE]', collect)
    .examples('strake container prune -f')
    .action(async (options: { readonly force?: true; readonly filter?: readonly string[] }) => {
      const question = 'This removes all stopped containers. Continue?'
      if (!(await confirmed(context, question, options.force === true))) return
      const { pruneContainers } = await import('#engine/store/prune')
      const filter = parsePruneFilters(options.filter ?? [])
      printPruned(context, await pruneContainers(await context.engine(), { filter }))
    })
  return command
}
