import { rowTypes } from '#docker/columns/row-types'
import { cacheUsage } from '#engine/build/cache-usage'
import { pruneCache } from '#engine/store/prune'
import { Command } from '../arguments/command.ts'
import { addLongForms } from '../arguments/long-forms.ts'
import type { Context } from '../context.ts'
import { formatKind, printListing } from '../format.ts'
import { confirmed, printPruned } from '../prune.ts'
import { formatAge, formatSize, shortId } from '../render/units.ts'

export function define(context: Context): Command {
  const command = new Command('builder').description('Show or delete the build cache')
  addLongForms(command)
  command.addCommand(defineDiskUsage(context))
  command
    .command('prune')
    .description('Delete the build cache, and the content that only the cache used')
    .option('-a, --all', 'accepted for compatibility; everything is deleted anyway')
    .option('-f, --force', 'do not ask')
    .examples('strake builder prune -f')
    .action(async (options: { readonly force?: true }) => {
      const question = 'This removes the build cache. Continue?'
      if (!(await confirmed(context, question, options.force === true))) return
      printPruned(context, await pruneCache(await context.engine()))
    })
  return command
}

function defineDiskUsage(context: Context): Command {
  return new Command('du')
    .description('Show the entries of the build cache, their sizes and their last use')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('--no-trunc', 'whole IDs')
    .examples('strake builder du')
    .action(async ({ format, trunc }: { readonly format?: string; readonly trunc: boolean }) => {
      const usage = await cacheUsage(await context.engine())
      const rows = usage.map(({ id, size, isReclaimable, createdAt, lastUsedAt }) => ({
        ID: trunc ? shortId(id) : id,
        Reclaimable: String(isReclaimable),
        Size: formatSize(size),
        LastUsedSince: formatAge(lastUsedAt),
        CreatedAt: createdAt.toISOString(),
        LastUsedAt: lastUsedAt.toISOString(),
      }))
      const columns = [
        { title: 'ID', key: 'ID' },
        { title: 'RECLAIMABLE', key: 'Reclaimable' },
        { title: 'SIZE', key: 'Size' },
        { title: 'LAST USED', key: 'LastUsedSince' },
      ] as const
      await printListing(context.out, { type: rowTypes.cacheRecord, columns, rows }, format)
      if (formatKind(format) !== 'usual') return
      const sum = (of: typeof usage): string => formatSize(of.reduce((n, { size }) => n + size, 0))
      context.out.write(`Reclaimable: ${sum(usage.filter(({ isReclaimable }) => isReclaimable))}\n`)
      context.out.write(`Total:       ${sum(usage)}\n`)
    })
}
