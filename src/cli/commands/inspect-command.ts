import { inspectDocument, parseInspectType } from '#docker/documents/inspect'
import { inspect } from '#engine/inspect'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printInspected } from '../inspected.ts'

interface Options {
  readonly format?: string
  readonly type?: string
}

export function define(context: Context): Command {
  return new Command('inspect')
    .description('Show everything known about containers and images, as JSON')
    .argument('<name...>', 'names or IDs')
    .option('-f, --format <format>', 'json for one line, or a Go template')
    .option('--type <type>', 'container or image')
    .option('-s, --size', 'accepted for compatibility; sizes are always shown')
    .examples('strake inspect --type image debian')
    .action(async (names: readonly string[], options: Options) => {
      const kind = parseInspectType(options.type)
      const engine = await context.engine()
      await printInspected(context, names, {
        format: options.format,
        find: async (name) => inspectDocument(await inspect(engine, name, kind)),
      })
    })
}
