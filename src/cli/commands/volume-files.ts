import type { VolumeCopyOptions } from '#engine/copy/volume-archive'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printable } from '../render/text.ts'
import type { CopyFlags } from './cp-command.ts'

/** The verbs of `volume` that copy files. */

const pauseHelp = 'suspend its containers during the copy, which then shows one moment'

export function defineClone(context: Context): Command {
  return new Command('clone')
    .description('Create a volume with the files and labels of another one')
    .argument('<volume>')
    .argument('<copy>', 'the name of the new volume')
    .option('--pause', pauseHelp)
    .examples('strake volume clone --pause data data-backup')
    .action(async (name: string, copy: string, { pause }: { readonly pause?: true }) => {
      const { cloneVolume } = await import('#engine/copy/volume-archive')
      await cloneVolume(await context.engine(), name, copy, copying(context, pause))
      context.out.write(`${copy}\n`)
    })
}

export function defineCopy(context: Context): Command {
  return new Command('cp')
    .description('Copy files between a volume and this machine, or between volumes')
    .argument('<source>', 'VOLUME:PATH, a path of this machine, or - for a tar archive')
    .argument('<target...>', 'more sources, and the target; - writes a tar archive')
    .option('-a, --archive', 'keep owners on this machine')
    .option('-L, --follow-link', 'copy the file that a link leads to')
    .option('-q, --quiet', 'show no progress and no result; the default without a terminal')
    .examples('strake volume cp dump.sql data:/', 'strake volume cp data:/config .')
    .action(async (first: string, rest: readonly string[], options: CopyFlags) => {
      const { copy } = await import('./cp-command.ts')
      const words = [first, ...rest]
      const [sources, target = ''] = [words.slice(0, -1), words.at(-1)]
      await copy(context, { sources, target, options, kind: 'volume' })
    })
}

export function defineExport(context: Context): Command {
  return new Command('export')
    .description('Write the files of a volume as a tar archive')
    .argument('<volume>')
    .option('-o, --output <file>', 'where to write; default: standard output')
    .option('--pause', pauseHelp)
    .examples('strake volume export data | gzip > data.tar.gz')
    .action(async (name: string, options: { readonly output?: string; readonly pause?: true }) => {
      if (options.output === undefined && context.out.isTerminal) {
        throw new StrakeError('INVALID', 'Cannot export to a terminal: an archive is not text', {
          remedy: 'write to a file with -o FILE, or into a pipe',
        })
      }
      const { exportVolume } = await import('#engine/copy/volume-archive')
      const shared = copying(context, options.pause)
      await exportVolume(await context.engine(), name, { ...shared, file: options.output })
    })
}

export function defineImport(context: Context): Command {
  return new Command('import')
    .description('Unpack a tar archive in a volume, which is created if it is absent')
    .argument('<volume>')
    .argument('[file]', 'a tar archive, compressed or not; default: standard input')
    .examples('strake volume import data data.tar.gz')
    .action(async (name: string, file: string | undefined) => {
      const { importVolume } = await import('#engine/copy/volume-archive')
      await importVolume(await context.engine(), name, file ?? '-', copying(context, undefined))
    })
}

function copying(context: Context, pause: true | undefined): VolumeCopyOptions {
  const warn = (message: string): void => context.err.write(`WARN: ${printable(message)}\n`)
  return { pause, warn, signal: context.signal }
}
