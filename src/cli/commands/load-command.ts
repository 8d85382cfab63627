import { load } from '#engine/archive/load'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collectList } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly input?: string
  readonly platform?: readonly string[]
  readonly quiet?: true
}

export function define(context: Context): Command {
  return new Command('load')
    .description('Read images from an archive that docker, podman, skopeo or strake wrote')
    .option('-i, --input <file>', 'the archive, compressed or not; default: standard input')
    .option('--platform <platform>', 'only this platform of a multi-platform image', collectList)
    .option('-q, --quiet', 'no progress')
    .examples('strake load -i app.tar')
    .action(async (options: Options) => {
      if (options.input === undefined && process.stdin.isTTY) {
        throw new StrakeError('INVALID', 'Cannot load from a terminal: an archive is not text', {
          remedy: 'name a file with -i FILE, or pipe one in',
        })
      }
      const renderer = renderTransfers(context.err)
      const loaded = await load(await context.engine(), {
        emit: options.quiet ? () => {} : renderer.emit,
        signal: context.signal,
        file: options.input,
        platforms: options.platform,
      }).finally(() => renderer.finish())
      for (const image of loaded) {
        for (const moved of image.moved) {
          context.out.write(`The image ${moved.name} existed before as ${moved.previous}\n`)
        }
        const names = image.names.map((name) => `Loaded image: ${name}\n`)
        context.out.write(names.length > 0 ? names.join('') : `Loaded image ID: ${image.imageId}\n`)
      }
    })
}
