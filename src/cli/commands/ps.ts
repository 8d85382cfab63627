import { Command } from 'commander'
import { type ContainerSummary, listContainers } from '#engine/ps'
import type { Context } from '../context.ts'
import { printListing } from '../format.ts'
import { formatAge } from '../render/units.ts'
import { collect, parseWhole } from '../values.ts'

interface Options {
  readonly all?: true
  readonly filter?: readonly string[]
  readonly format?: string
  readonly last?: number
  readonly latest?: true
  readonly quiet?: true
  readonly trunc: boolean
}

export function define(context: Context): Command {
  return new Command('ps')
    .description('List containers, newest first')
    .option('-a, --all', 'also those that do not run')
    .option('-f, --filter <condition>', 'name=, id=, status=, exited=, ancestor=, label=', collect)
    .option('--format <format>', 'table or json')
    .option('-n, --last <count>', 'the last ones made, running or not', parseWhole)
    .option('-l, --latest', 'the last one made, running or not')
    .option('--no-trunc', 'do not shorten anything')
    .option('-q, --quiet', 'only IDs')
    .addHelpText('after', '\nExample:\n  strake ps --all --filter status=exited')
    .action(async (options: Options) => {
      const last = options.latest ? 1 : options.last
      const containers = await listContainers(await context.engine(), {
        all: options.all === true || last !== undefined,
        filters: options.filter ?? [],
      })
      print(context, containers.slice(0, last ?? containers.length), options)
    })
}

function print(context: Context, containers: readonly ContainerSummary[], options: Options): void {
  const id = (container: ContainerSummary): string =>
    options.trunc ? container.id.slice(0, 12) : container.id
  if (options.quiet) {
    context.out.write(containers.map((container) => `${id(container)}\n`).join(''))
    return
  }
  const rows = containers.map((container) => ({
    ID: id(container),
    Image: container.image,
    Command: formatCommand(container.command, options.trunc),
    RunningFor: formatAge(container.created),
    CreatedAt: container.created.toISOString(),
    Status: container.status,
    State: container.state,
    Ports: container.ports,
    Names: container.name,
  }))
  const columns = [
    { title: 'CONTAINER ID', key: 'ID' },
    { title: 'IMAGE', key: 'Image' },
    { title: 'COMMAND', key: 'Command' },
    { title: 'CREATED', key: 'RunningFor' },
    { title: 'STATUS', key: 'Status' },
    { title: 'PORTS', key: 'Ports' },
    { title: 'NAMES', key: 'Names' },
  ] as const
  printListing(context.out, { columns, rows }, options.format)
}

function formatCommand(argv: readonly string[], shorten: boolean): string {
  const text = argv.join(' ')
  return `"${shorten && text.length > 20 ? `${text.slice(0, 19)}…` : text}"`
}
