import { rowTypes } from '#docker/columns/row-types'
import { diff, type PathChange } from '#engine/diff'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatKind, printListing } from '../format.ts'
import { printable } from '../render/text.ts'

const letters = { added: 'A', changed: 'C', deleted: 'D' } as const satisfies Record<
  PathChange['kind'],
  string
>

export function define(context: Context): Command {
  return new Command('diff')
    .description('Show the changes of a container, or of the last layer of an image')
    .argument('<name>', 'a container or an image')
    .argument('[other]', 'an image to compare the first one with')
    .option('--format <format>', 'plain, json, or a Go template')
    .examples(
      '\nA: added, C: changed, D: deleted.\n\nExamples:',
      'strake diff web',
      'strake diff app:2 app:1',
    )
    .action(async (name: string, other: string | undefined, { format }: { format?: string }) => {
      const kind = formatKind(format === 'plain' ? undefined : format)
      const changes = await diff(await context.engine(), name, other)
      const rows = changes.map(({ kind, path }) => ({ Kind: letters[kind], Path: `/${path}` }))
      if (kind !== 'usual') {
        await printListing(context.out, { type: rowTypes.change, columns: [], rows }, format)
      } else
        context.out.write(rows.map(({ Kind, Path }) => `${Kind} ${printable(Path)}\n`).join(''))
    })
}
