import type { Engine } from '#engine/engine'
import { push } from '#engine/push/push'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly allTags?: true
  readonly compression: 'gzip' | 'zstd'
  readonly platform?: string
  readonly quiet?: true
}

export function define(context: Context): Command {
  return new Command('push')
    .description('Send an image to a registry')
    .argument('<name[:tag]>')
    .option('-a, --all-tags', 'every tag of the repository that is in the store')
    .option('--compression <kind>', 'compression of layers that are not compressed yet', {
      choices: ['gzip', 'zstd'],
      default: 'gzip',
    })
    .option('--platform <platform>', 'only this platform of a multi-platform image')
    .option('-q, --quiet', 'print only the name')
    .examples('strake tag app localhost:5000/app && strake push localhost:5000/app')
    .action(async (name: string, options: Options) => {
      const renderer = renderTransfers(context.err)
      const engine = await context.engine()
      try {
        for (const each of options.allTags ? await namesOf(engine, name) : [name]) {
          const pushed = await push(engine, each, {
            compression: options.compression,
            platform: options.platform,
            emit: options.quiet ? () => {} : renderer.emit,
            signal: context.signal,
          })
          renderer.finish()
          context.out.write(
            options.quiet
              ? `${pushed.name}\n`
              : `${pushed.tag}: digest: ${pushed.digest} size: ${pushed.size}\n`,
          )
        }
      } finally {
        renderer.finish()
      }
    })
}

async function namesOf(engine: Engine, repository: string): Promise<readonly string[]> {
  const { namesToPush } = await import('#engine/push/tags-to-push')
  return namesToPush(engine, repository)
}
