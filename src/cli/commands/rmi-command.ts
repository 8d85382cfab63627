import { type Removed, removeImage } from '#engine/collect/remove'
import type { Engine } from '#engine/engine'
import { isStrakeError, parsePlatform } from '#oci'
import { Command } from '../arguments/command.ts'
import { collectList } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { renderError } from '../render/error.ts'

interface Options {
  readonly force?: true
  readonly platform?: readonly string[]
}

export function define(context: Context): Command {
  return new Command('rmi')
    .description('Remove images; content that nothing else uses goes with them')
    .argument('<image...>', 'names, digests or IDs')
    .option('-f, --force', 'remove an image by ID although it has several names')
    .option('--no-prune', 'accepted: images have no unnamed parents that could be removed')
    .option('--platform <platform>', 'only this platform of a multi-platform image', collectList)
    .examples('strake rmi app:1.0 3f2a9c', 'strake rmi --platform linux/arm64 app:1.0')
    .action(async (names: readonly string[], options: Options) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        const removed = await remove(context, engine, name, options)
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
  { platform, ...options }: Options,
): Promise<Removed | undefined> {
  const force = options.force === true
  try {
    if (platform === undefined) return await removeImage(engine, name, { force })
    const { removePlatforms } = await import('#engine/collect/remove-platforms')
    return await removePlatforms(engine, name, platform.map(parsePlatform), { force })
  } catch (error) {
    if (!force || !isStrakeError(error, 'NOT_FOUND')) throw error
    renderError(context.err, error, context.debug)
    return undefined
  }
}
