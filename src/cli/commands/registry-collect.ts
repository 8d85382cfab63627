import { parseDuration } from '#dockerfile'
import { collectRegistry } from '#engine/registry/collect'
import { StrakeError } from '#oci'
import type { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatSize } from '../render/units.ts'

interface Options {
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
    )
    .action(async ({ storage, keep = day, dryRun }: Options) => {
      const { manifests, blobs, bytes } = await collectRegistry(await context.engine(), {
        storage,
        keep,
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

/** Reads a duration such as `36h` in milliseconds. Throws `INVALID`. */
function readDuration(text: string): number {
  const nanoseconds = parseDuration(text)
  if (nanoseconds !== undefined && nanoseconds >= 0) return nanoseconds / 1e6
  throw new StrakeError('INVALID', `Cannot read ${JSON.stringify(text)} as a duration`, {
    remedy: 'write it as 30m or 36h',
  })
}
