import { removeImage } from '#engine/image/remove'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

interface Options {
  readonly force?: true
}

export function define(context: Context): Command {
  return new Command('rmi')
    .description('Remove images; content that nothing else uses goes with them')
    .argument('<image...>', 'names, digests or IDs')
    .option('-f, --force', 'remove an image by ID although it has several names')
    .examples('strake rmi app:1.0 3f2a9c')
    .action(async (names: readonly string[], options: Options) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        const removed = await removeImage(engine, name, { force: options.force === true })
        const lines = [
          ...removed.untagged.map((text) => `Untagged: ${text}`),
          ...removed.deleted.map((digest) => `Deleted: ${digest}`),
        ]
        return lines.length === 0 ? undefined : lines.join('\n')
      })
    })
}
