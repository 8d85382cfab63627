import { parseDuration } from '#dockerfile'
import { collectRegistry, foreseeCollection } from '#engine/registry/collect'
import { StrakeError } from '#oci'
import type { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatSize } from '../render/units.ts'

interface Options {
  readonly config?: string
  readonly storage?: string
  readonly keep?: number
  readonly dryRun?: true
}

const day = 24 * 3_600_000

/** Adds `registry collect`. */
export function defineCollect(command: Command, context: Context): void {
  command
    .command('collect')
    .description('Remove what no tag of a repository reaches, also while a server runs')
    .option(
      '--config <file>',
      'with --dry-run: show what these rules would remove, retention included',
      {
        empty: 'refused',
      },
    )
    .option('--storage <directory>', 'where repositories are stored; default: in the store', {
      empty: 'refused',
    })
    .option(
      '--keep <duration>',
      'how long untagged manifests and unnamed blobs stay; default: 24h',
      { read: readDuration },
    )
    .option('--dry-run', 'only show what would leave its repository now')
    .examples(
      'strake registry collect --storage ./data --dry-run',
      'strake registry collect --storage ./data --keep 1h',
      'strake registry collect --config registry.yml --dry-run',
    )
    .action(async ({ config, storage, keep, dryRun }: Options) => {
      if (config !== undefined) {
        checkForesight(keep, dryRun)
        return await showForeseen(context, { config, storage })
      }
      const { manifests, blobs, bytes } = await collectRegistry(await context.engine(), {
        storage,
        keep: keep ?? day,
        dryRun,
        signal: context.signal,
        onFreed: ({ repository, kind, digest }) => {
          const verb = dryRun ? 'Would remove' : 'Removed'
          context.out.write(`${verb} ${kind} ${repository}@${digest}\n`)
        },
      })
      const counts = `${manifests} manifests and ${blobs} blobs`
      context.out.write(
        dryRun
          ? `Would remove ${counts} of ${formatSize(bytes)}\n`
          : `Removed ${counts}, freed ${formatSize(bytes)}\n`,
      )
    })
}

/** Throws `INVALID` for options that do not go with `--config`. */
function checkForesight(keep: number | undefined, dryRun: true | undefined): void {
  if (dryRun !== true) {
    throw new StrakeError('INVALID', 'Cannot collect by a configuration: its server does that', {
      remedy: 'give --dry-run to see what it would remove',
    })
  }
  if (keep === undefined) return
  throw new StrakeError('INVALID', 'Cannot use --keep with --config', {
    remedy: 'change collect.untagged and collect.unused of the configuration',
  })
}

async function showForeseen(
  context: Context,
  place: { readonly config: string; readonly storage: string | undefined },
): Promise<void> {
  const { out, signal } = context
  const found = await foreseeCollection(await context.engine(), { ...place, signal })
  const { tags, manifests, blobs, bytes, first } = found
  for (const item of first) {
    const name = item.kind === 'tag' ? `:${item.tag}` : `@${item.digest}`
    out.write(`Would remove ${item.kind} ${item.repository}${name}\n`)
  }
  const more = tags + manifests + blobs - first.length
  if (more > 0) out.write(`... and ${more} more\n`)
  const counts = `${tags} tags, ${manifests} manifests and ${blobs} blobs`
  out.write(`Would remove ${counts} of ${formatSize(bytes)}\n`)
}

/** Reads a duration such as `36h` in milliseconds. Throws `INVALID`. */
function readDuration(text: string): number {
  const nanoseconds = parseDuration(text)
  if (nanoseconds !== undefined && nanoseconds >= 0) return nanoseconds / 1e6
  throw new StrakeError('INVALID', `Cannot read ${JSON.stringify(text)} as a duration`, {
    remedy: 'write it as 30m or 36h',
  })
}
