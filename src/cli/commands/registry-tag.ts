import { rowTypes } from '#docker/columns/row-types'
import { rollBackTag, tagHistory } from '#engine/registry/tag-history'
import { isRepositoryName, isTag, StrakeError } from '#oci'
import type { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printListing } from '../format.ts'

interface Options {
  readonly storage?: string
  readonly format?: string
  readonly to?: string
}

const storage = 'where repositories are stored; default: in the store'

/** Adds `registry tag log` and `registry tag rollback`. */
export function defineTag(command: Command, context: Context): void {
  const tag = command
    .command('tag')
    .description('Show what a tag has meant, and roll it back')
    .examples('strake registry tag log team/app:latest')
  tag
    .command('log')
    .description('Show the moves of a tag of a repository, the newest first')
    .argument('<repository:tag>', 'the tag')
    .option('--storage <directory>', storage, { empty: 'refused' })
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .examples('strake registry tag log --storage ./data team/app:latest')
    .action(async (name: string, options: Options) => {
      const moves = await tagHistory(await context.engine(), { ...readName(name), ...options })
      const rows = moves.map(({ digest, movedAt, movedBy }) => ({
        Time: new Date(movedAt).toISOString(),
        Digest: digest ?? '<removed>',
        By: movedBy ?? '',
      }))
      const columns = [
        { title: 'TIME', key: 'Time' },
        { title: 'DIGEST', key: 'Digest' },
        { title: 'BY', key: 'By' },
      ] as const
      await printListing(
        context.out,
        { type: rowTypes.registryTagMove, columns, rows },
        options.format,
      )
    })
  tag
    .command('rollback')
    .description('Point a tag to what it meant before its last move')
    .argument('<repository:tag>', 'the tag')
    .option('--storage <directory>', storage, { empty: 'refused' })
    .option('--to <digest>', 'a digest of its log instead', { empty: 'refused' })
    .examples('strake registry tag rollback --storage ./data team/app:latest')
    .action(async (name: string, options: Options) => {
      const place = { ...readName(name), storage: options.storage }
      const digest = await rollBackTag(await context.engine(), place, options.to)
      context.out.write(`${name} is ${digest}\n`)
    })
}

function readName(text: string): { readonly repository: string; readonly tag: string } {
  const at = text.lastIndexOf(':')
  const [repository, tag] = [text.slice(0, at), text.slice(at + 1)]
  if (at > 0 && isRepositoryName(repository) && isTag(tag)) return { repository, tag }
  throw new StrakeError('INVALID', `Cannot use ${JSON.stringify(text)}: expected REPOSITORY:TAG`)
}
