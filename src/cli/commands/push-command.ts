import { push } from '#engine/push/push'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly compression: 'gzip' | 'zstd'
  readonly platform?: string
  readonly quiet?: true
}

export function define(context: Context): Command {
  return new Command('push')
    .description('Send an image to a registry')
    .argument('<name[:tag]>')
    .option('--compression <kind>', 'compression of layers that are not compressed yet', {
      choices: ['gzip', 'zstd'],
      default: 'gzip',
    })
    .option('--platform <platform>', 'only this platform of a multi-platform image')
    .option('-q, --quiet', 'print only the name')
    .examples('strake tag app localhost:5000/app && strake push localhost:5000/app')
    .action(async (name: string, options: Options) => {
      const renderer = renderTransfers(context.err)
      const result = await push(await context.engine(), name, {
        compression: options.compression,
        platform: options.platform,
        emit: options.quiet ? () => {} : renderer.emit,
        signal: context.signal,
      }).finally(() => renderer.finish())
      context.out.write(
        options.quiet
          ? `${result.name}\n`
          : `${result.tag}: digest: ${result.digest} size: ${result.size}\n`,
      )
    })
}
