import { compareNaturally } from '#docker/columns/natural-order'
import { rowTypes } from '#docker/columns/row-types'
import { volumeRow } from '#docker/columns/volume-row'
import { volumeDocument } from '#docker/documents/volume'
import { parsePruneFilters } from '#docker/filters/prune-filters'
import { parseVolumeFilters } from '#docker/filters/volume-filters'
import { parseLabels } from '#docker/flags/label-flags'
import { createVolume, inspectVolume, listVolumes, removeVolume } from '#engine/volume/volumes'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { formatKind, printListing } from '../format.ts'
import { printInspected } from '../inspected.ts'
import { confirmed, printPruned } from '../prune.ts'
import { defineExists } from './exists.ts'
import { defineClone, defineCopy, defineExport, defineImport } from './volume-files.ts'

export function define(context: Context): Command {
  return new Command('volume')
    .description('Create, list and remove volumes: directories that outlive containers')
    .addCommand(defineClone(context))
    .addCommand(defineCopy(context))
    .addCommand(defineCreate(context))
    .addCommand(
      defineExists(context, {
        kind: 'volume',
        example: 'strake volume exists data || strake volume create data',
        exists: ({ records }, name) => records.volumes.get(name) !== undefined,
      }),
    )
    .addCommand(defineExport(context))
    .addCommand(defineImport(context))
    .addCommand(defineInspect(context))
    .addCommand(defineList(context))
    .addCommand(definePrune(context))
    .addCommand(defineRemove(context))
}

interface CreateOptions {
  readonly driver?: string
  readonly label?: readonly string[]
  readonly name?: string
  readonly opt?: readonly string[]
}

function defineCreate(context: Context): Command {
  return new Command('create')
    .description(
      'Create a volume and print its name; nothing changes when there is one of that name',
    )
    .argument('[name]')
    .option('-d, --driver <name>', 'local, the only driver')
    .option('--label <key[=value]>', 'set a label', collect)
    .option('--name <name>', 'the same as the argument')
    .option(
      '-o, --opt <key=value>',
      'type=, device= and o=, as for mount(8); or size=, with project quotas',
      collect,
    )
    .examples(
      'strake volume create data',
      'strake volume create -o size=10G data',
      'strake volume create -o type=nfs -o device=:/export -o o=addr=10.0.0.9,rw data',
    )
    .action(async (argument: string | undefined, options: CreateOptions) => {
      const { driver = 'local', label = [], opt = [] } = options
      if (driver !== 'local') {
        throw new StrakeError('UNSUPPORTED', `Cannot create a volume of driver ${driver}`, {
          remedy: 'leave --driver out: there is only local',
        })
      }
      const name = argument ?? options.name
      const volume = await createVolume(await context.engine(), {
        name,
        labels: parseLabels(label),
        options: parseLabels(opt),
      })
      context.out.write(`${volume.name}\n`)
    })
}

function defineInspect(context: Context): Command {
  return new Command('inspect')
    .description('Show everything known about volumes, as JSON')
    .argument('<volume...>')
    .option('-f, --format <format>', 'json for one line, or a Go template')
    .examples('strake volume inspect data')
    .action(async (names: readonly string[], { format }: { readonly format?: string }) => {
      const engine = await context.engine()
      await printInspected(context, names, {
        format,
        find: (name) => ({ kind: 'volume', document: volumeDocument(inspectVolume(engine, name)) }),
      })
    })
}

interface ListOptions {
  readonly filter?: readonly string[]
  readonly format?: string
  readonly quiet?: true
}

function defineList(context: Context): Command {
  return new Command('ls')
    .description('List volumes')
    .option(
      '-f, --filter <condition>',
      'dangling=true, driver=local, label=KEY[=VALUE], name=PART',
      collect,
    )
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('-q, --quiet', 'only names')
    .examples('strake volume ls --filter dangling=true')
    .action(async ({ filter = [], format, quiet }: ListOptions) => {
      const listed = listVolumes(await context.engine(), parseVolumeFilters(filter))
      const volumes = listed.toSorted((a, b) => compareNaturally(a.name, b.name))
      if (quiet && formatKind(format) === 'usual') {
        context.out.write(volumes.map(({ name }) => `${name}\n`).join(''))
        return
      }
      const rows = volumes.map(volumeRow)
      const columns = [
        { title: 'DRIVER', key: 'Driver' },
        { title: 'VOLUME NAME', key: 'Name' },
      ] as const
      const labels = volumes.map((volume) => volume.labels)
      await printListing(context.out, { type: rowTypes.volume, columns, rows, labels }, format)
    })
}

interface PruneOptions {
  readonly all?: true
  readonly filter?: readonly string[]
  readonly force?: true
}

function definePrune(context: Context): Command {
  return new Command('prune')
    .description('Remove volumes without a name that no container uses')
    .option('-a, --all', 'volumes with a name too')
    .option('-f, --force', 'do not ask')
    .option('--filter <condition>', 'label=KEY[=VALUE]', collect)
    .examples('strake volume prune --all')
    .action(async ({ all, filter = [], force }: PruneOptions) => {
      const what = all ? 'all volumes' : 'all volumes without a name'
      const question = `This removes ${what} that no container uses. Continue?`
      if (!(await confirmed(context, question, force === true))) return
      const options = { all: all === true, filter: parsePruneFilters(filter) }
      const { pruneVolumes } = await import('#engine/store/prune-volumes')
      printPruned(context, await pruneVolumes(await context.engine(), options))
    })
}

function defineRemove(context: Context): Command {
  return new Command('rm')
    .description('Remove volumes that no container uses, with their files')
    .argument('<volume...>')
    .option('-f, --force', 'no error for an absent volume')
    .examples('strake volume rm data')
    .action(async (names: readonly string[], { force }: { readonly force?: true }) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        await removeVolume(engine, name, { force })
        return name
      })
    })
}
