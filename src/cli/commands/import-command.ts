import { importImage } from '#engine/build/import'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly change?: readonly string[]
  readonly message?: string
  readonly platform?: string
}

export function define(context: Context): Command {
  return new Command('import')
    .description('Make an image of one layer from the tar archive of a file system')
    .argument('<file>', 'a tar archive, compressed or not: a path, a URL, or - for standard input')
    .argument('[name[:tag]]', 'the name of the image')
    .option(
      '-c, --change <instruction>',
      'apply a Dockerfile instruction such as CMD or ENV',
      collect,
    )
    .option('-m, --message <text>', 'the comment of the history entry')
    .option('--platform <platform>', 'os/architecture of the image; default: this machine')
    .examples('mmdebstrap --variant=minbase bookworm - | strake import - debian:bookworm')
    .action(async (file: string, name: string | undefined, options: Options) => {
      const renderer = renderTransfers(context.err)
      const { imageId } = await importImage(await context.engine(), file, {
        changes: options.change ?? [],
        emit: renderer.emit,
        signal: context.signal,
        name,
        message: options.message,
        platform: options.platform,
      }).finally(() => renderer.finish())
      context.out.write(`${imageId}\n`)
    })
}
