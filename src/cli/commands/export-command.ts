import { exportContainer } from '#engine/container/export'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

export function define(context: Context): Command {
  return new Command('export')
    .description('Write the file system of a container as a tar archive')
    .argument('<container>')
    .option('-o, --output <file>', 'where to write; default: standard output')
    .examples('strake export web | tar t')
    .action(async (name: string, options: { readonly output?: string }) => {
      if (options.output === undefined && context.out.isTerminal) {
        throw new StrakeError('INVALID', 'Cannot export to a terminal: an archive is not text', {
          remedy: 'write to a file with -o FILE, or into a pipe',
        })
      }
      await exportContainer(await context.engine(), name, {
        signal: context.signal,
        file: options.output,
      })
    })
}
