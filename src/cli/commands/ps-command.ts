import { rowTypes } from '#docker/columns/row-types'
import { parseContainerFilters } from '#docker/filters/container-filters'
import { listContainers, platformReader } from '#engine/container/ps'
import type { ContainerSummary } from '#engine/container/summary'
import type { Engine } from '#engine/engine'
import { Command } from '../arguments/command.ts'
import { collect, parseWhole } from '../arguments/values.ts'
import { containerRow } from '../container-row.ts'
import type { Context } from '../context.ts'
import { formatKind, printListing } from '../format.ts'
import { formatSize } from '../render/units.ts'

interface Options {
  readonly all?: true
  readonly filter?: readonly string[]
  readonly format?: string
  readonly last?: number
  readonly latest?: true
  readonly quiet?: true
  readonly size?: true
  readonly trunc: boolean
}

export function define(context: Context): Command {
  return new Command('ps')
    .description('List containers, newest first')
    .option('-a, --all', 'show stopped containers too')
    .option('-f, --filter <condition>', 'name=, id=, status=, ancestor=, label=, …', collect)
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('-n, --last <count>', 'show the newest containers, stopped ones too', parseWhole)
    .option('-l, --latest', 'show the newest container, stopped or not')
    .option('--no-trunc', 'do not shorten anything')
    .option('-q, --quiet', 'only IDs')
    .option('-s, --size', 'show the size of their changes too')
    .examples('strake ps --all --filter status=exited')
    .action(async (options: Options) => {
      const last = options.latest ? 1 : options.last
      const engine = await context.engine()
      const containers = await listContainers(engine, {
        all: options.all === true || last !== undefined,
        filters: parseContainerFilters(options.filter ?? []),
      })
      const shown = containers.slice(0, last ?? containers.length)
      const needsSize = options.size || mentionsSize(options.format)
      const sizes = needsSize ? await containerSizes(engine, shown) : new Map<string, string>()
      await print(context, shown, { ...options, sizes, platformOf: platformReader(engine) })
    })
}

/** `12B (virtual 2MB)`: the size of a container's changes, and their size with the image. */
async function containerSizes(
  engine: Engine,
  containers: readonly ContainerSummary[],
): Promise<ReadonlyMap<string, string>> {
  const { containerSize } = await import('#engine/usage/disk-usage')
  const sizes = new Map<string, string>()
  for (const container of containers) {
    const { written, virtual } = await containerSize(engine, container)
    sizes.set(container.id, `${formatSize(written)} (virtual ${formatSize(virtual)})`)
  }
  return sizes
}

interface PrintOptions extends Options {
  readonly sizes: ReadonlyMap<string, string>
  readonly platformOf: ReturnType<typeof platformReader>
}

async function print(
  context: Context,
  containers: readonly ContainerSummary[],
  options: PrintOptions,
): Promise<void> {
  const id = (container: ContainerSummary): string =>
    options.trunc ? container.id.slice(0, 12) : container.id
  if (options.quiet) {
    if (formatKind(options.format) !== 'usual') context.err.write(ignoredFormat)
    context.out.write(containers.map((container) => `${id(container)}\n`).join(''))
    return
  }
  const rows = containers.map((container) =>
    containerRow(container, {
      trunc: options.trunc,
      size: options.sizes.get(container.id) ?? '0B',
      platformOf: options.platformOf,
    }),
  )
  const columns = [
    { title: 'CONTAINER ID', key: 'ID' },
    { title: 'IMAGE', key: 'Image' },
    { title: 'COMMAND', key: 'Command' },
    { title: 'CREATED', key: 'RunningFor' },
    { title: 'STATUS', key: 'Status' },
    { title: 'PORTS', key: 'Ports' },
    { title: 'NAMES', key: 'Names' },
    ...(options.size ? [{ title: 'SIZE', key: 'Size' } as const] : []),
  ] as const
  const labels = containers.map((container) => container.labels)
  await printListing(
    context.out,
    { type: rowTypes.container, columns, rows, labels },
    options.format,
  )
}

const ignoredFormat =
  'WARNING: Ignoring custom format, because both --format and --quiet are set.\n'

/** Sizes take time, so that only a template that prints them, or whole rows, has them. */
function mentionsSize(format: string | undefined): boolean {
  return format !== undefined && /\.Size|\bjson\s+[.$](?!\w)/.test(format)
}
