import { save } from '#engine/archive/save'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collectList } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly output?: string
  readonly platform?: readonly string[]
}

export function define(context: Context): Command {
  return new Command('save')
    .description('Write images into one tar archive that docker, podman and skopeo read')
    .argument('<image...>')
    .option('-o, --output <file>', 'where to write; default: standard output')
    .option('--platform <platform>', 'only this platform of a multi-platform image', collectList)
    .examples('strake save -o app.tar app:1.0')
    .action(async (names: readonly string[], options: Options) => {
      if (options.output === undefined && context.out.isTerminal) {
        throw new StrakeError('INVALID', 'Cannot save to a terminal: an archive is not text', {
          remedy: 'write to a file with -o FILE, or into a pipe',
        })
      }
      const renderer = renderTransfers(context.err)
      try {
        await save(await context.engine(), names, {
          emit: renderer.emit,
          signal: context.signal,
          file: options.output,
          platforms: options.platform,
        })
      } finally {
        renderer.finish()
      }
    })
}
