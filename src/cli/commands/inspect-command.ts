import { inspectDocument, parseInspectType } from '#docker/documents/inspect'
import { inspect } from '#engine/inspect'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printInspected } from '../inspected.ts'

interface Options {
  readonly format?: string
  readonly platform?: string
  readonly type?: string
  readonly size?: true
}

export function define(context: Context): Command {
  return new Command('inspect')
    .description('Show everything known about containers and images, as JSON')
    .argument('<name...>', 'names or IDs')
    .option('-f, --format <format>', 'json for one line, or a Go template')
    .option('--platform <platform>', 'this platform of a multi-platform image')
    .option('--type <type>', 'container or image')
    .option('-s, --size', 'show the sizes of containers too; those of images are always shown')
    .examples('strake inspect --type image debian')
    .action(async (names: readonly string[], options: Options) => {
      const kind = parseInspectType(options.type)
      const engine = await context.engine()
      await printInspected(context, names, {
        format: options.format,
        find: async (name) => {
          const found = await inspect(engine, name, { kind, platform: options.platform })
          if (!options.size || found.kind !== 'container') return inspectDocument(found)
          const { containerSize } = await import('#engine/usage/disk-usage')
          const { id, settings } = found.container
          return inspectDocument(
            found,
            await containerSize(engine, { id, imageId: settings.image.id ?? '' }),
          )
        },
      })
    })
}
