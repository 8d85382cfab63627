import { rowTypes } from '#docker/columns/row-types'
import { rollbackTag, type TagLogEntry, tagImage, tagLog } from '#engine/image/tag'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printListing } from '../format.ts'
import { formatAge, shortId } from '../render/units.ts'

export function define(context: Context): Command {
  const command = new Command('tag')
    .description('Give an image another name; show and undo the moves of a name')
    .argument('<source>', 'a name or ID of an image')
    .argument('<target>', 'the new name')
    .examples(
      'strake tag app registry.example.com/app:1.0',
      'strake tag log app',
      'strake tag rollback app',
    )
    .action(async (source: string, target: string) => {
      await tagImage(await context.engine(), source, target)
    })
  command.addCommand(defineLog(context))
  command.addCommand(defineRollback(context))
  return command
}

function defineLog(context: Context): Command {
  return new Command('log')
    .description('List every image that a name has pointed to, newest first')
    .argument('<name>')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .examples('strake tag log app:1.0')
    .action(async (name: string, options: { readonly format?: string }) => {
      const moves = await tagLog(await context.engine(), name)
      const rows = moves.map((move) => ({
        When: formatAge(move.time),
        Time: move.time.toISOString(),
        Action: move.action,
        Digest: move.digest ?? '',
        ImageID: describeImage(move),
      }))
      const columns = [
        { title: 'WHEN', key: 'When' },
        { title: 'BY', key: 'Action' },
        { title: 'IMAGE ID', key: 'ImageID' },
      ] as const
      await printListing(context.out, { type: rowTypes.tagMove, columns, rows }, options.format)
    })
}

function describeImage({ digest, imageId }: TagLogEntry): string {
  if (imageId !== undefined) return shortId(imageId)
  return digest === undefined ? '<name removed>' : '<image removed>'
}

function defineRollback(context: Context): Command {
  return new Command('rollback')
    .description('Move a name back to its previous image')
    .argument('<name>')
    .examples('strake tag rollback app:1.0')
    .action(async (name: string) => {
      const move = await rollbackTag(await context.engine(), name)
      context.out.write(`${move.name} is ${move.imageId ?? move.digest} again\n`)
    })
}
