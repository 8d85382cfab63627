import { type Removed, removeImage } from '#engine/collect/remove'
import type { Engine } from '#engine/engine'
import { isStrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { renderError } from '../render/error.ts'

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
        const removed = await remove(context, engine, name, options.force === true)
        const { untagged = [], deleted = [] } = removed ?? {}
        const lines = [
          ...untagged.map((text) => `Untagged: ${text}`),
          ...deleted.map((digest) => `Deleted: ${digest}`),
        ]
        return lines.length === 0 ? undefined : lines.join('\n')
      })
    })
}

/** With `force`, an absent image is reported and is no failure. */
async function remove(
  context: Context,
  engine: Engine,
  name: string,
  force: boolean,
): Promise<Removed | undefined> {
  try {
    return await removeImage(engine, name, { force })
  } catch (error) {
    if (!force || !isStrakeError(error, 'NOT_FOUND')) throw error
    renderError(context.err, error, context.debug)
    return undefined
  }
}
