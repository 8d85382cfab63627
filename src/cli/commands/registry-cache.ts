import { rowTypes } from '#docker/columns/row-types'
import { cachedManifests, pruneCache } from '#engine/registry/cache'
import { parseDuration, parseSize } from '#registry/config/units'
import { Command, InvalidValue } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printListing } from '../format.ts'
import { formatAge, formatSize } from '../render/units.ts'
import { addPlaceOptions, type PlaceFlags } from './registry-place.ts'

/** Adds `cache` to `registry`: what the caches of other registries hold. */
export function addRegistryCache(registry: Command, context: Context): void {
  const command = registry
    .command('cache')
    .description('What the caches of a registry hold of other registries')
    .examples('strake registry cache ls docker.io --storage ./data')
  command.addCommand(defineList(context))
  command.addCommand(definePrune(context))
}

const about = 'a cached registry, such as docker.io; default: those of the configuration'

function defineList(context: Context): Command {
  const command = new Command('ls')
    .description('List manifests of caches, those first that were pulled last')
    .argument('[name...]', about)
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .examples(
      'strake registry cache ls --config registry.yml',
      'strake registry cache ls docker.io --storage ./data',
    )
    .action(async (names: readonly string[], flags: PlaceFlags & { readonly format?: string }) => {
      const { config, storage, format } = flags
      const engine = await context.engine()
      const found = await Array.fromAsync(cachedManifests(engine, { config, storage, names }))
      const rows = found.map(({ repository, digest, tags, usedAt, pinnedBy }) => ({
        Repository: repository,
        Tags: tags.join(', ') || '<none>',
        Digest: digest,
        Used: formatAge(new Date(usedAt)),
        UsedAt: new Date(usedAt).toISOString(),
        Pinned: pinnedBy ?? '',
      }))
      const columns = [
        { title: 'REPOSITORY', key: 'Repository' },
        { title: 'TAGS', key: 'Tags' },
        { title: 'DIGEST', key: 'Digest' },
        { title: 'USED', key: 'Used' },
        { title: 'PINNED', key: 'Pinned' },
      ] as const
      await printListing(context.out, { type: rowTypes.cachedManifest, columns, rows }, format)
    })
  return addPlaceOptions(command)
}

interface PruneFlags extends PlaceFlags {
  readonly keep?: number
  readonly unused?: number
  readonly dryRun?: true
}

function definePrune(context: Context): Command {
  const command = new Command('prune')
    .description('Remove from caches what was pulled longest ago, also while a server runs')
    .argument('[name...]', about)
    .option('--keep <size>', 'how much may stay, such as 20GB', { read: readSize })
    .option('--unused <duration>', 'remove what was not pulled for this time, such as 30d', {
      read: readDuration,
    })
    .option('--dry-run', 'only show what would be removed')
    .examples(
      'strake registry cache prune --keep 20GB --config registry.yml',
      'strake registry cache prune docker.io --unused 30d --storage ./data',
    )
    .action(async (names: readonly string[], flags: PruneFlags) => {
      const { config, storage, keep, unused, dryRun } = flags
      if (keep === undefined && unused === undefined) {
        throw new InvalidValue('say what may stay, with --keep SIZE or --unused DURATION')
      }
      const { manifests, blobs, bytes } = await pruneCache(await context.engine(), {
        ...{ config, storage, names, keep, dryRun },
        unusedFor: unused,
        signal: context.signal,
        onRemoved: ({ repository, digest }) => {
          const verb = dryRun ? 'Would remove' : 'Removed'
          context.out.write(`${verb} ${repository}@${digest}\n`)
        },
      })
      context.out.write(
        dryRun
          ? `Would remove ${manifests} manifests and the blobs that only they name\n`
          : `Removed ${manifests} manifests and ${blobs} blobs of ${formatSize(bytes)}\n`,
      )
    })
  return addPlaceOptions(command)
}

function readSize(text: string): number {
  const bytes = parseSize(text)
  if (bytes === undefined) throw new InvalidValue('expected a size such as 512MiB or 20GB')
  return bytes
}

function readDuration(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds === undefined) throw new InvalidValue('expected a duration such as 12h or 30d')
  return milliseconds
}
