import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../statistics.ts'
import { fill } from './content.ts'
import type { Figure } from './row.ts'
import {
  type Program,
  processorTime,
  programs,
  type Served,
  type ServeOptions,
  serve,
} from './served.ts'

/** What one measurement of one server gave. */
export interface Sample {
  /** More is better: answers, megabytes or images per second. */
  readonly rate: number
  /** How many answers, megabytes or images. */
  readonly count: number
}

/** The medians of some rounds. */
export interface Rate {
  readonly rate: number
  /** Seconds of the server's processor time for one answer, megabyte or image. */
  readonly cost: number
}

/** What rows measure with. Disposal ends all servers and removes their content. */
export interface Rig extends AsyncDisposable {
  readonly rounds: number
  /** Of one load. */
  readonly seconds: number
  /** True when distribution is there. */
  readonly hasPeer: boolean
  /** Returns what `make` has returned when it was called for that name first. */
  once<T>(name: string, make: () => Promise<T>): Promise<T>
  /** Makes an empty directory. */
  directory(): string
  /** Starts a server, which the rig ends. */
  serve(options: Omit<ServeOptions, 'directory'> & { readonly directory?: string }): Promise<Served>
  /** Ends something together with the rig. */
  own<T extends Disposable>(resource: T): T
  /** Returns the servers with the usual content that rows share: strake, and distribution if it is there. */
  servers(): Promise<readonly Served[]>
  /** Measures servers in turn, in each round. Returns one result for each. */
  compare(
    servers: readonly Served[],
    measure: (served: Served, round: number) => Promise<Sample>,
  ): Promise<readonly Rate[]>
}

export function openRig(options: Pick<Rig, 'rounds' | 'seconds'>): Rig {
  const root = mkdtempSync(join(process.env['STRAKE_TEST_TMP'] ?? tmpdir(), 'strake-rates-'))
  const opened = new AsyncDisposableStack()
  opened.defer(() => rmSync(root, { recursive: true, force: true }))
  const directory = (): string => mkdtempSync(join(root, 'place-'))
  const start: Rig['serve'] = async (wanted) =>
    opened.use(await serve({ ...wanted, directory: wanted.directory ?? directory() }))
  const made = new Map<string, unknown>()
  const once = <T>(name: string, make: () => Promise<T>): Promise<T> => {
    if (!made.has(name)) made.set(name, make())
    return made.get(name) as Promise<T>
  }
  const hasPeer = existsSync(programs.distribution)
  const startShared = async (): Promise<readonly Served[]> => {
    const present: readonly Program[] = hasPeer ? ['strake', 'distribution'] : ['strake']
    const servers: Served[] = []
    for (const program of present) servers.push(await start({ program }))
    for (const served of servers) await fill(served)
    return servers
  }
  return {
    ...options,
    directory,
    serve: start,
    hasPeer,
    once,
    own: (resource) => opened.use(resource),
    servers: () => once('servers', startShared),
    async compare(servers, measure) {
      const rates = servers.map(() => [] as Rate[])
      for (let round = 0; round < options.rounds; round += 1) {
        for (const [index, served] of servers.entries()) {
          const before = processorTime(served.pid)
          const { rate, count } = await measure(served, round)
          rates[index]?.push({ rate, cost: (processorTime(served.pid) - before) / count })
        }
      }
      return rates.map((own) => ({
        rate: median(own.map(({ rate }) => rate)),
        cost: median(own.map(({ cost }) => cost)),
      }))
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** Returns figures of strake beside distribution, which may be absent. */
export function beside(
  [ours, theirs]: readonly Rate[],
  {
    unit,
    least,
    ratio,
  }: { readonly unit: string; readonly least?: number; readonly ratio?: number },
): readonly Figure[] {
  if (ours === undefined) return []
  const own = { unit, value: ours.rate, least }
  if (theirs === undefined) return [own]
  return [
    own,
    { unit: 'times distribution', value: ours.rate / theirs.rate, least: ratio },
    { unit: 'times its processor time', value: ours.cost / theirs.cost },
  ]
}

/** Returns the processor time of one answer. */
export function microseconds({ cost }: Rate): Figure {
  return { unit: 'µs of processor time each', value: cost * 1e6 }
}
