import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rowTypes } from '#docker/columns/row-types'
import { buildRecordLine, statusWord } from '#docker/documents/build/build-record'
import { parseBuildFilters } from '#docker/filters/build-filters'
import {
  type BuildRecord,
  buildHistory,
  buildLog,
  findBuild,
  removeBuilds,
} from '#engine/history/history'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatKind, printDocument, printListing } from '../format.ts'
import { plainSteps } from '../render/plain-steps.ts'
import { jsonSteps } from '../render/steps.ts'
import { formatAge, formatSpan } from '../render/units.ts'
import { addHistoryFiles } from './builder-history-files.ts'
import { addHistoryInspect } from './builder-history-inspect.ts'

/** Adds `history` to `builder`: the builds of the last two days. */
export function addBuildHistory(builder: Command, context: Context): void {
  const command = builder
    .command('history')
    .description('Show the builds of the last two days')
    .examples('strake buildx history ls')
  command.addCommand(defineList(context))
  addHistoryInspect(command, context)
  command.addCommand(defineLogs(context))
  command.addCommand(defineRemove(context))
  addHistoryFiles(command, context)
}

interface ListOptions {
  readonly filter?: readonly string[]
  readonly format?: string
  readonly local?: true
  readonly trunc: boolean
}

/** The most characters of a name in a table, as in buildx. */
const longestName = 36

function defineList(context: Context): Command {
  return new Command('ls')
    .description('List builds, the newest first')
    .option('--builder <name>', '', { hidden: true })
    .option(
      '--filter <condition>',
      'ref=, status=completed, error or canceled, startedAt<2h',
      collect,
    )
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('--local', 'only builds of directories in the repository that you are in')
    .option('--no-trunc', 'whole names')
    .examples('strake buildx history ls --filter status=error')
    .action(async ({ filter = [], format, local, trunc }: ListOptions) => {
      const passes = parseBuildFilters(filter)
      const within = local ? ownRepository() : undefined
      const records = (await buildHistory(await context.engine())).filter(
        (record) => passes(record) && (within === undefined || isWithin(record, within)),
      )
      if (formatKind(format) === 'json') {
        for (const record of records) printDocument(context.out, buildRecordLine(record), 'json')
        return
      }
      const rows = records.map((record) => rowOf(record, trunc))
      const columns = [
        { title: 'BUILD ID', key: 'Ref' },
        { title: 'NAME', key: 'Name' },
        { title: 'STATUS', key: 'Status' },
        { title: 'CREATED AT', key: 'CreatedAt' },
        { title: 'DURATION', key: 'Duration' },
      ] as const
      await printListing(context.out, { type: rowTypes.buildRecord, columns, rows }, format)
    })
}

/** The directory above this one that has a repository of git. Throws `NOT_FOUND`. */
function ownRepository(): string {
  for (let at = process.cwd(); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (at === '/') break
  }
  throw new StrakeError(
    'NOT_FOUND',
    'Cannot use --local: this directory is in no repository of git',
  )
}

function isWithin({ context }: BuildRecord, directory: string): boolean {
  return context !== undefined && (context === directory || context.startsWith(`${directory}/`))
}

function rowOf({ id, name, status, startedAt, completedAt }: BuildRecord, trunc: boolean) {
  const isLong = trunc && name.length > longestName
  return {
    Ref: id,
    Name: isLong ? `..${name.slice(2 - longestName)}` : name,
    Status: statusWord(status),
    CreatedAt: formatAge(startedAt),
    Duration: duration(completedAt.getTime() - startedAt.getTime()),
    FullRef: `default/default/${id}`,
    Link: '',
  }
}

/** As in buildx: seconds with one decimal, or minutes and seconds. */
function duration(milliseconds: number): string {
  return milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)}s` : formatSpan(milliseconds)
}

function defineLogs(context: Context): Command {
  return new Command('logs')
    .description('Print the output of a build')
    .argument('[build]', 'an ID, the beginning of one, or ^1 for the build before the last')
    .option('--builder <name>', '', { hidden: true })
    .option('--progress <kind>', 'plain or rawjson', {
      choices: ['plain', 'rawjson', 'tty', 'auto'],
      default: 'plain',
    })
    .examples('strake buildx history logs')
    .action(async (build: string | undefined, { progress }: { readonly progress: string }) => {
      const engine = await context.engine()
      const events = buildLog(engine, await findBuild(engine, build))
      let now = 0
      const steps =
        progress === 'rawjson' ? jsonSteps(context.err) : plainSteps(context.err, () => now)
      for (const { at, event } of events) {
        now = at
        steps.emit(event)
      }
      steps.finish()
    })
}

function defineRemove(context: Context): Command {
  return new Command('rm')
    .description('Remove records of builds')
    .argument('[builds...]', 'IDs, or the beginnings of IDs')
    .option('--builder <name>', '', { hidden: true })
    .option('--all', 'all records')
    .examples('strake buildx history rm --all')
    .action(async (builds: readonly string[], { all }: { readonly all?: true }) => {
      if (all === true ? builds.length > 0 : builds.length === 0) {
        throw new StrakeError('INVALID', 'Cannot remove build records: name them, or give --all')
      }
      const engine = await context.engine()
      if (all === true) return await removeBuilds(engine, await buildHistory(engine))
      const records = await Promise.all(builds.map((build) => findBuild(engine, build)))
      await removeBuilds(engine, records)
    })
}
