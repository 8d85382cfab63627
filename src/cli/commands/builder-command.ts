import { rowTypes } from '#docker/columns/row-types'
import { parseCacheFilters } from '#docker/filters/cache-filters'
import type { CacheUsage } from '#engine/build-services/cache-usage'
import { passesCacheFilter } from '#engine/store/select-cache'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { addLongForms } from '../arguments/long-forms.ts'
import { collect, parseBytes } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatKind, printListing } from '../format.ts'
import { confirmed, printPruned } from '../prune.ts'
import { formatCacheEntry } from '../render/build/cache-entry.ts'
import { formatAge, formatSize, shortId } from '../render/units.ts'
import { defineBake } from './builder-bake.ts'
import { addBuildHistory } from './builder-history.ts'
import { addImagetools } from './builder-imagetools.ts'
import { addBuilderInstances } from './builder-instances.ts'

export function define(context: Context): Command {
  const command = new Command('builder').description('Show or delete the build cache')
  addLongForms(command)
  command.addCommand(defineDiskUsage(context))
  command.addCommand(definePrune(context))
  addImagetools(command, context)
  addBuildHistory(command, context)
  addBuilderInstances(command, context)
  command.addCommand(defineBake(context))
  return command
}

interface PruneOptions {
  readonly filter?: readonly string[]
  readonly force?: true
  readonly keepStorage?: number
  readonly maxUsedSpace?: number
  readonly minFreeSpace?: number
  readonly reservedSpace?: number
}

function definePrune(context: Context): Command {
  return new Command('prune')
    .description('Delete the build cache, and the content that only the cache used')
    .option('-a, --all', 'accepted for compatibility; everything is deleted anyway')
    .option('--filter <condition>', 'until=24h, id=ID, type=TYPE, inuse, shared, private', collect)
    .option('-f, --force', 'do not ask')
    .option('--keep-storage <size>', 'another name of --reserved-space', {
      hidden: true,
      read: parseBytes,
    })
    .option('--max-used-space <size>', 'keep at most this much', parseBytes)
    .option('--min-free-space <size>', 'delete until the disk has this much free', parseBytes)
    .option('--reserved-space <size>', 'keep this much in any case', parseBytes)
    .option('--timeout <duration>', '', { hidden: true })
    .option('--verbose', 'accepted for compatibility; every deleted entry is listed anyway')
    .examples('strake builder prune -f', 'strake builder prune --filter until=24h')
    .action(async (options: PruneOptions) => {
      const { filter = [], keepStorage, maxUsedSpace, minFreeSpace } = options
      const reservedSpace = options.reservedSpace ?? keepStorage
      const limits = { reservedSpace, maxUsedSpace, minFreeSpace }
      const conditions = parseCacheFilters(filter)
      const question = 'This removes the build cache. Continue?'
      if (!(await confirmed(context, question, options.force === true))) return
      const engine = await context.engine()
      const isPartial =
        filter.length > 0 || Object.values(limits).some((limit) => limit !== undefined)
      const { pruneCache, prunePartOfCache } = await import('#engine/store/prune')
      const pruned = isPartial
        ? await prunePartOfCache(engine, { filter: conditions, limits })
        : await pruneCache(engine)
      printPruned(context, pruned)
    })
}

interface DiskUsageOptions {
  readonly filter?: readonly string[]
  readonly format?: string
  readonly trunc: boolean
  readonly verbose?: true
}

function defineDiskUsage(context: Context): Command {
  return new Command('du')
    .description('Show the entries of the build cache, their sizes and their last use')
    .option('--filter <condition>', 'until=24h, id=ID, type=TYPE, inuse, shared, private', collect)
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('--no-trunc', 'whole IDs')
    .option('--timeout <duration>', '', { hidden: true })
    .option('--verbose', 'a line for each field of an entry')
    .examples('strake builder du', 'strake builder du --verbose')
    .action(async ({ filter = [], format, trunc, verbose }: DiskUsageOptions) => {
      const conditions = parseCacheFilters(filter)
      const { cacheUsage } = await import('#engine/build-services/cache-usage')
      const all = await cacheUsage(await context.engine())
      const usage = all.filter((one) => passesCacheFilter(conditions, one))
      if (verbose) {
        if (format !== undefined) {
          throw new StrakeError('INVALID', '--format and --verbose exclude each other')
        }
        for (const one of usage) context.out.write(formatCacheEntry(one))
        return printSum(context, usage)
      }
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
      if (formatKind(format) === 'usual') printSum(context, usage)
    })
}

function printSum({ out }: Context, usage: readonly CacheUsage[]): void {
  const sum = (of: typeof usage): string => formatSize(of.reduce((n, { size }) => n + size, 0))
  out.write(`Reclaimable: ${sum(usage.filter(({ isReclaimable }) => isReclaimable))}\n`)
  out.write(`Total:       ${sum(usage)}\n`)
}
