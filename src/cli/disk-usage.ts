import { rowTypes } from '#docker/columns/row-types'
import { volumeRow } from '#docker/columns/volume-row'
import type { Engine } from '#engine/engine'
import type { DiskUsage } from '#engine/usage/disk-usage'
import type { UsageDetails } from '#engine/usage/usage-details'
import { Command } from './arguments/command.ts'
import { containerRow } from './container-row.ts'
import type { Context } from './context.ts'
import { formatKind, plainRows, printListing, type Rows } from './format.ts'
import { printHolders } from './prune.ts'
import { formatAge, formatSize, formatSum, shortId } from './render/units.ts'

interface Options {
  readonly format?: string
  readonly verbose?: true
}

/** `system df`. */
export function defineDiskUsage(context: Context): Command {
  return new Command('df')
    .description('Show the disk usage, and how much a prune would free')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('-v, --verbose', 'every image, container, volume and cache record')
    .examples('strake system df -v')
    .action(async (options: Options) => {
      const engine = await context.engine()
      if (options.verbose) {
        const { usageDetails } = await import('#engine/usage/usage-details')
        await printDetails(context, await usageDetails(engine), options.format)
      } else await printSummary(context, engine, options.format)
      printHolders(context.err, engine.records.leases.list())
    })
}

async function printSummary(
  { out }: Context,
  engine: Engine,
  format: string | undefined,
): Promise<void> {
  const { diskUsage } = await import('#engine/usage/disk-usage')
  const rows = (await diskUsage(engine)).map((row) => ({
    Type: row.type,
    TotalCount: String(row.count),
    Active: String(row.active),
    Size: formatSum(row.size),
    Reclaimable: formatReclaimable(row),
  }))
  const columns = [
    { title: 'TYPE', key: 'Type' },
    { title: 'TOTAL', key: 'TotalCount' },
    { title: 'ACTIVE', key: 'Active' },
    { title: 'SIZE', key: 'Size' },
    { title: 'RECLAIMABLE', key: 'Reclaimable' },
  ] as const
  await printListing(out, { type: rowTypes.usage, columns, rows }, format)
}

/**
 * The reclaimable bytes, with their percentage unless the total is zero: `1MB (50%)`. As in
 * Docker, the build cache has no percentage, and 99.9% is not everything.
 */
function formatReclaimable({ type, size, reclaimable }: DiskUsage): string {
  if (size === 0 || type === 'Build Cache') return formatSum(reclaimable)
  const percent = Math.min(100, Math.floor((reclaimable * 100) / size))
  return `${formatSum(reclaimable)} (${percent}%)`
}

/** A template for details is one template for all lists, as in Docker. */
async function printDetails(
  { out }: Context,
  details: UsageDetails,
  format: string | undefined,
): Promise<void> {
  if (format !== undefined && formatKind(format) !== 'usual') {
    const { printRowSets } = await import('./templates.ts')
    const sets = {
      Images: plainRows<Rows>(imageListing(details)),
      Containers: plainRows<Rows>(containerListing(details)),
      Volumes: plainRows<Rows>(volumeListing(details)),
      BuildCache: plainRows<Rows>(cacheListing(details)),
    }
    printRowSets(out, sets, format === 'json' ? '{{json .}}' : format)
    return
  }
  out.write('Images space usage:\n\n')
  await printListing(out, imageListing(details), undefined)
  out.write('\nContainers space usage:\n\n')
  await printListing(out, containerListing(details), undefined)
  out.write('\nLocal Volumes space usage:\n\n')
  await printListing(out, volumeListing(details), undefined)
  const size = details.cache.reduce((sum, record) => sum + record.size, 0)
  out.write(`\nBuild cache usage: ${formatSum(size)}\n\n`)
  await printListing(out, cacheListing(details), undefined)
}

function imageListing({ images }: UsageDetails) {
  const rows = images.map((image) => ({
    Repository: image.repository,
    Tag: image.tag,
    ID: shortId(image.id),
    CreatedSince: formatAge(image.created),
    Size: formatSize(image.shared + image.unique),
    SharedSize: formatSum(image.shared),
    UniqueSize: formatSum(image.unique),
    Containers: String(image.containers),
  }))
  const columns = [
    { title: 'REPOSITORY', key: 'Repository' },
    { title: 'TAG', key: 'Tag' },
    { title: 'IMAGE ID', key: 'ID' },
    { title: 'CREATED', key: 'CreatedSince' },
    { title: 'SIZE', key: 'Size' },
    { title: 'SHARED SIZE', key: 'SharedSize' },
    { title: 'UNIQUE SIZE', key: 'UniqueSize' },
    { title: 'CONTAINERS', key: 'Containers' },
  ] as const
  return { type: rowTypes.image, columns, rows }
}

function containerListing({ containers }: UsageDetails) {
  const rows = containers.map((container) =>
    containerRow(container, {
      trunc: true,
      size: formatSize(container.written),
      platformOf: () => container.platform,
    }),
  )
  const columns = [
    { title: 'CONTAINER ID', key: 'ID' },
    { title: 'IMAGE', key: 'Image' },
    { title: 'COMMAND', key: 'Command' },
    { title: 'LOCAL VOLUMES', key: 'LocalVolumes' },
    { title: 'SIZE', key: 'Size' },
    { title: 'CREATED', key: 'RunningFor' },
    { title: 'STATUS', key: 'Status' },
    { title: 'NAMES', key: 'Names' },
  ] as const
  return { type: rowTypes.container, columns, rows }
}

function volumeListing({ volumes }: UsageDetails) {
  const rows = volumes.map((volume) => volumeRow({ ...volume, size: formatSum(volume.size) }))
  const columns = [
    { title: 'VOLUME NAME', key: 'Name' },
    { title: 'LINKS', key: 'Links' },
    { title: 'SIZE', key: 'Size' },
  ] as const
  return { type: rowTypes.volume, columns, rows }
}

function cacheListing({ cache }: UsageDetails) {
  const rows = cache.map((record) => ({
    ID: shortId(record.id),
    CacheType: 'regular',
    Size: formatSize(record.size),
    CreatedSince: formatAge(record.createdAt),
    LastUsedSince: formatAge(record.lastUsedAt),
    UsageCount: '1',
    InUse: String(record.isBusy),
    Parent: '',
    Shared: String(!record.isReclaimable),
  }))
  const columns = [
    { title: 'CACHE ID', key: 'ID' },
    { title: 'CACHE TYPE', key: 'CacheType' },
    { title: 'SIZE', key: 'Size' },
    { title: 'CREATED', key: 'CreatedSince' },
    { title: 'LAST USED', key: 'LastUsedSince' },
    { title: 'USAGE', key: 'UsageCount' },
    { title: 'SHARED', key: 'Shared' },
  ] as const
  return { type: rowTypes.buildCache, columns, rows }
}
