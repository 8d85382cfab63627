import { Command } from 'commander'
import { cleanUp } from '#engine/cleanup'
import { diskUsage } from '#engine/disk-usage'
import { pruneSystem } from '#engine/prune'
import { resetStore } from '#engine/reset'
import { addLongForms } from '../arguments/long-forms.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { printListing } from '../format.ts'
import { confirmed, printPruned } from '../prune.ts'
import { formatSize } from '../render/units.ts'

export function define(context: Context): Command {
  const command = new Command('system').description('The store as a whole')
  addLongForms(command)
  command.addCommand(defineDiskUsage(context))
  command.addCommand(definePrune(context))
  command
    .command('cleanup')
    .description('Mend what a crash or reboot left: mounts, namespaces, states of containers')
    .addHelpText('after', '\nExample:\n  strake system cleanup')
    .action(async () => {
      const lines = await cleanUp(await context.engine())
      context.out.write(lines.map((line) => `${line}\n`).join(''))
    })
  command
    .command('reset')
    .description('Remove every container, image, volume and cache, and the store itself')
    .option('-f, --force', 'do not ask')
    .addHelpText('after', '\nExample:\n  strake --root /tmp/try system reset')
    .action(async (options: { readonly force?: true }) => {
      const engine = await context.engine()
      const question = `This removes every container, image, volume and cache in ${engine.root}. Go on?`
      if (await confirmed(context, question, options.force === true)) await resetStore(engine)
    })
  return command
}

/** `1.2MB (40%)`, as Docker has it; no share of nothing. */
function formatReclaimable({
  size,
  reclaimable,
}: {
  readonly size: number
  readonly reclaimable: number
}): string {
  if (size === 0) return formatSize(reclaimable)
  return `${formatSize(reclaimable)} (${Math.round((reclaimable / size) * 100)}%)`
}

function defineDiskUsage(context: Context): Command {
  return new Command('df')
    .description('Show what takes how much space, and what could be freed')
    .option('--format <format>', 'table or json')
    .addHelpText('after', '\nExample:\n  strake system df')
    .action(async (options: { readonly format?: string }) => {
      const usage = await diskUsage(await context.engine())
      const rows = usage.map((row) => ({
        Type: row.type,
        TotalCount: String(row.count),
        Active: String(row.active),
        Size: formatSize(row.size),
        Reclaimable: formatReclaimable(row),
      }))
      const columns = [
        { title: 'TYPE', key: 'Type' },
        { title: 'TOTAL', key: 'TotalCount' },
        { title: 'ACTIVE', key: 'Active' },
        { title: 'SIZE', key: 'Size' },
        { title: 'RECLAIMABLE', key: 'Reclaimable' },
      ] as const
      printListing(context.out, { columns, rows }, options.format)
    })
}

interface PruneOptions {
  readonly all?: true
  readonly filter?: readonly string[]
  readonly force?: true
}

function definePrune(context: Context): Command {
  return new Command('prune')
    .description('Remove stopped containers, images without a name and the build cache')
    .option('-a, --all', 'every image that no container uses')
    .option('-f, --force', 'do not ask')
    .option('--filter <condition>', 'until=AGE, label=KEY[=VALUE]', collect)
    .addHelpText('after', '\nExample:\n  strake system prune')
    .action(async (options: PruneOptions) => {
      const images = options.all ? 'every image that no container uses' : 'images without a name'
      const question = `This removes stopped containers, ${images} and the build cache. Go on?`
      if (!(await confirmed(context, question, options.force === true))) return
      const pruned = await pruneSystem(await context.engine(), {
        all: options.all === true,
        filters: options.filter ?? [],
      })
      printPruned(context, pruned)
    })
}
