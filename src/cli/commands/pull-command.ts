import { pull } from '#engine/image/pull'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly platform?: string
  readonly quiet?: true
}

export function define(context: Context): Command {
  return new Command('pull')
    .description('Fetch an image from a registry')
    .argument('<name[:tag|@digest]>')
    .option('--platform <platform>', 'os/architecture[/variant] to choose; default: this machine')
    .option('-q, --quiet', 'print only the name')
    .examples('strake pull localhost:5000/app:1.0')
    .action(async (name: string, options: Options) => {
      const renderer = renderTransfers(context.err)
      const result = await pull(await context.engine(), name, {
        emit: options.quiet ? () => {} : renderer.emit,
        signal: context.signal,
        platform: options.platform,
      }).finally(() => renderer.finish())
      if (!options.quiet) {
        const status = result.upToDate ? 'Image is up to date for' : 'Downloaded newer image for'
        context.out.write(`Digest: ${result.digest}\nStatus: ${status} ${result.familiarName}\n`)
      }
      context.out.write(`${result.name}\n`)
    })
}
