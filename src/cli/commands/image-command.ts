import { parsePruneFilters } from '#docker/filters/prune-filters'
import { Command } from '../arguments/command.ts'
import { addLongForms } from '../arguments/long-forms.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { confirmed, printPruned } from '../prune.ts'
import { defineExists } from './exists.ts'
import { defineMount, defineUnmount } from './image-mount.ts'
import { defineTree } from './image-tree.ts'

interface Options {
  readonly all?: true
  readonly filter?: readonly string[]
  readonly force?: true
}

export function define(context: Context): Command {
  const command = new Command('image').description(
    'Mounts and layers of images, and commands of images by their long names',
  )
  addLongForms(command)
  command.addCommand(
    defineExists(context, {
      kind: 'image',
      example: 'strake image exists alpine || strake pull alpine',
      exists: async ({ records }, name) => {
        const { findTarget } = await import('#engine/image/find-target')
        return findTarget(records, name) !== undefined
      },
    }),
  )
  command
    .command('prune')
    .description('Remove images without a name; with --all every image that no container uses')
    .option('-a, --all', 'every image that no container uses')
    .option('-f, --force', 'do not ask')
    .option('--filter <condition>', 'until=AGE, label=KEY[=VALUE]', collect)
    .examples('strake image prune --all')
    .action(async (options: Options) => {
      const what = options.all ? 'all images that no container uses' : 'all images without a name'
      if (!(await confirmed(context, `This removes ${what}. Continue?`, options.force === true)))
        return
      const { pruneImages } = await import('#engine/store/prune-images')
      const pruned = await pruneImages(await context.engine(), {
        all: options.all === true,
        filter: parsePruneFilters(options.filter ?? []),
      })
      printPruned(context, pruned)
    })
  return command
    .addCommand(defineMount(context))
    .addCommand(defineTree(context))
    .addCommand(defineUnmount(context))
}
