import { rowTypes } from '#docker/columns/row-types'
import { parseSearchFilters } from '#docker/filters/search-filters'
import { searchImages } from '#engine/registry/search'
import { Command } from '../arguments/command.ts'
import { collect, parseWhole } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatKind, printListing } from '../format.ts'
import { ellipsis } from '../render/table.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly filter?: readonly string[]
  readonly format?: string
  readonly limit?: number
  readonly listTags?: true
  readonly trunc: boolean
}

export function define(context: Context): Command {
  return new Command('search')
    .description('Find repositories of Docker Hub or of another registry, or list their tags')
    .argument('<word>', 'a part of a name; for another registry HOST[:PORT]/WORD')
    .option('-f, --filter <condition>', 'is-official=true, stars=NUMBER', collect)
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('--limit <number>', 'the most results, 1 to 100; default: 25', parseWhole)
    .option('--list-tags', 'list the tags of the repository of this name')
    .option('--no-trunc', 'whole descriptions')
    .examples('strake search --limit 5 nginx', 'strake search --list-tags localhost:5000/app')
    .action(async (word: string, options: Options) => {
      if (options.listTags) return await printTags(context, word, options)
      const { emit } = renderTransfers(context.err)
      const found = await searchImages(await context.engine(), word, {
        filter: parseSearchFilters(options.filter ?? []),
        limit: options.limit,
        emit,
        signal: context.signal,
      })
      const flag = flagWord(options.format)
      const rows = found.map(({ name, description, stars, isOfficial, isAutomated }) => ({
        Name: name,
        Description: describe(description, options.trunc),
        StarCount: String(stars),
        IsOfficial: flag(isOfficial),
        IsAutomated: flag(isAutomated),
      }))
      const columns = [
        { title: 'NAME', key: 'Name' },
        { title: 'DESCRIPTION', key: 'Description' },
        { title: 'STARS', key: 'StarCount' },
        { title: 'OFFICIAL', key: 'IsOfficial' },
      ] as const
      await printListing(context.out, { type: rowTypes.search, columns, rows }, options.format)
    })
}

function describe(text: string, isShort: boolean): string {
  const line = text.replaceAll(/[\r\n]/g, ' ')
  return isShort ? ellipsis(line, 45) : line
}

/** As in Docker, JSON has another form of a flag than a table. */
function flagWord(format: string | undefined): (value: boolean) => string {
  const isJson = formatKind(format) === 'json' || format === '{{json .}}'
  return (value) => (isJson ? String(value) : value ? '[OK]' : '')
}

async function printTags(context: Context, word: string, { format }: Options): Promise<void> {
  const { listTags } = await import('#engine/pull/pull-tags')
  const names = await listTags(await context.engine(), word)
  const rows = names.map((name) => {
    const at = name.lastIndexOf(':')
    return { Repository: name.slice(0, at), Tag: name.slice(at + 1) }
  })
  const columns = [
    { title: 'NAME', key: 'Repository' },
    { title: 'TAG', key: 'Tag' },
  ] as const
  await printListing(context.out, { type: rowTypes.repository, columns, rows }, format)
}
