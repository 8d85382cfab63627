import { rowTypes } from '#docker/columns/row-types'
import { imageHistory } from '#engine/image/history'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatKind, printListing } from '../format.ts'
import { ellipsis } from '../render/table.ts'
import { formatAge, formatSize, shortId } from '../render/units.ts'

interface Options {
  readonly format?: string
  readonly human: boolean
  readonly platform?: string
  readonly quiet?: true
  readonly trunc: boolean
}

export function define(context: Context): Command {
  return new Command('history')
    .description('Show how an image was made, newest instruction first')
    .argument('<image>')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('-H, --human', 'sizes and dates in readable form', { default: true })
    .option('--no-human', 'sizes in bytes, dates in RFC 3339')
    .option('--no-trunc', 'do not shorten anything')
    .option('--platform <platform>', 'this platform of a multi-platform image')
    .option('-q, --quiet', 'only IDs')
    .examples('strake history --no-trunc app')
    .action(async (name: string, options: Options) => {
      const entries = await imageHistory(await context.engine(), name, options)
      const rows = entries.map((entry) => {
        const id = entry.imageId ?? '<missing>'
        const created = entry.created
        return {
          ID: options.trunc ? shortId(id) : id,
          CreatedSince: readableDate(created, options.human),
          CreatedAt: created === undefined ? '' : formatSecond(created),
          CreatedBy: options.trunc ? ellipsis(oneLine(entry.createdBy), 45) : entry.createdBy,
          Size: options.human ? formatSize(entry.size) : String(entry.size),
          Comment: entry.comment,
        }
      })
      if (options.quiet && formatKind(options.format) === 'usual') {
        context.out.write(rows.map(({ ID }) => `${ID}\n`).join(''))
        return
      }
      const columns = [
        { title: 'IMAGE', key: 'ID' },
        { title: options.human ? 'CREATED' : 'CREATED AT', key: 'CreatedSince' },
        { title: 'CREATED BY', key: 'CreatedBy' },
        { title: 'SIZE', key: 'Size' },
        { title: 'COMMENT', key: 'Comment' },
      ] as const
      await printListing(context.out, { type: rowTypes.history, columns, rows }, options.format)
    })
}

function readableDate(created: Date | undefined, human: boolean): string {
  if (created === undefined) return 'N/A'
  return human ? formatAge(created) : formatSecond(created)
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

/** RFC 3339 without fractions. */
function formatSecond(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`
}
