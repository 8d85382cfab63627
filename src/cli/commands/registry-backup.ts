import { resolve } from 'node:path'
import { backUpRegistry, restoreRegistry } from '#engine/registry/care/backup-registry'
import type { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatSize } from '../render/units.ts'
import { addPlaceOptions, type PlaceFlags } from './registry-place.ts'

interface Options extends PlaceFlags {
  readonly copy?: true
}

/** Adds `registry backup` and `registry restore`. */
export function defineBackup(command: Command, context: Context): void {
  addPlaceOptions(
    command
      .command('backup')
      .description('Write a registry as it is at one moment into a directory, also while it serves')
      .argument(
        '<directory>',
        'a new directory, or an earlier backup, which is brought up to date',
      ),
  )
    .option('--copy', 'copy blobs also on the same file system, where hard links would do')
    .examples(
      'strake registry backup --storage ./data ./backup',
      'strake registry backup --config registry.yml --copy /mnt/backup',
    )
    .action(async (directory: string, { config, storage, copy }: Options) => {
      const { blobs, bytes, added, removed, absent } = await backUpRegistry(
        await context.engine(),
        resolve(directory),
        { config, storage, copies: copy, signal: context.signal },
      )
      for (const digest of absent) context.err.write(`Absent in the registry: ${digest}\n`)
      const changes = `${added} added, ${removed} removed`
      context.out.write(`Backed up ${blobs} blobs, ${formatSize(bytes)}: ${changes}\n`)
      if (absent.length > 0) context.exitCode = 1
    })
  command
    .command('restore')
    .description('Make the storage of a registry from a backup, and prove every blob')
    .argument('<directory>', 'the backup')
    .option('--storage <directory>', 'the new storage, which must be absent or empty', {
      empty: 'refused',
    })
    .option('--config <file>', 'a configuration that names a bucket and an empty database', {
      empty: 'refused',
    })
    .examples(
      'strake registry restore ./backup --storage ./data',
      'strake registry restore ./backup --config registry.yml',
    )
    .action(async (directory: string, place: PlaceFlags) => {
      const { blobs, bytes, faulty } = await restoreRegistry(directory, place, context.signal)
      for (const digest of faulty) context.err.write(`Not intact in the backup: ${digest}\n`)
      context.out.write(`Restored ${blobs} blobs, ${formatSize(bytes)}\n`)
      if (faulty.length > 0) context.exitCode = 1
    })
}
