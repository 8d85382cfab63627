import { statsRow } from '#docker/columns/container-stats'
import { rowTypes } from '#docker/columns/row-types'
import { type ContainerStats, watchStats } from '#engine/container/stats'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printListing } from '../format.ts'
import type { Output } from '../render/output.ts'
import { untilAborted } from '../until-aborted.ts'

interface Options {
  readonly all?: true
  readonly format?: string
  readonly stream: boolean
  readonly trunc: boolean
}

/** Milliseconds over which the use of processors is measured for a single result. */
const shortInterval = 150
const interval = 1000

export function define(context: Context): Command {
  return new Command('stats')
    .description('Show the resource use of containers, until interrupted')
    .argument('[container...]')
    .option('-a, --all', 'show stopped containers too')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('--no-stream', 'show one result and end')
    .option('--no-trunc', 'do not shorten anything')
    .examples('strake stats --no-stream', 'strake stats web db')
    .action(async (names: readonly string[], options: Options) => {
      const { out, signal } = context
      const rounds = watchStats(await context.engine(), {
        names,
        all: options.all === true,
        interval: options.stream ? interval : shortInterval,
        signal,
      })
      const isScreen = options.stream && out.canRedraw && options.format === undefined
      for await (const stats of rounds) {
        if (isScreen) out.write(clearScreen)
        await print(out, stats, options)
        await untilAborted(out.drained(), signal)
        if (!options.stream) return
      }
    })
}

/** Moves the cursor to the first cell and clears everything below. */
const clearScreen = '\u001b[H\u001b[J'

const columns = [
  { title: 'CONTAINER ID', key: 'ID' },
  { title: 'NAME', key: 'Name' },
  { title: 'CPU %', key: 'CPUPerc' },
  { title: 'MEM USAGE / LIMIT', key: 'MemUsage' },
  { title: 'MEM %', key: 'MemPerc' },
  { title: 'NET I/O', key: 'NetIO' },
  { title: 'BLOCK I/O', key: 'BlockIO' },
  { title: 'PIDS', key: 'PIDs' },
] as const

async function print(
  out: Output,
  stats: readonly ContainerStats[],
  options: Options,
): Promise<void> {
  const rows = stats.map((one) => statsRow(one, { trunc: options.trunc }))
  await printListing(out, { type: rowTypes.stats, columns, rows }, options.format)
}
