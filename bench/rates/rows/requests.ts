import { largePath, manifestPath, smallPath } from '../content.ts'
import { type Load, type LoadOptions, load, percentile } from '../load.ts'
import { beside, microseconds, type Rig } from '../rig.ts'
import type { Row } from '../row.ts'

/** How much work small requests and large ones are. */
export const requestRows: readonly Row[] = [
  {
    name: 'manifest-1',
    about: 'GET of a manifest by its tag, 1 connection',
    async run(rig) {
      const halves = new Map<string, number>()
      const rates = await rig.compare(await rig.servers(), async (served) => {
        const done = await load(served, {
          ...times(rig),
          request: `GET ${manifestPath}`,
          connections: 1,
        })
        const half = percentile(done.times, 0.5)
        halves.set(served.program, Math.min(half, halves.get(served.program) ?? half))
        return done
      })
      return [
        { unit: 'ms for half of the answers', value: halves.get('strake') ?? 0, most: 0.1 },
        ...beside(rates, { unit: 'per second' }),
      ]
    },
  },
  ...[8, 64].map((connections) =>
    small(`manifest-${connections}`, {
      about: `GET of a manifest by its tag, ${connections} connections`,
      request: `GET ${manifestPath}`,
      connections,
      least: 40_000,
      ratio: 6,
    }),
  ),
  ...[8, 64].map((connections) =>
    small(`head-${connections}`, {
      about: `HEAD of a blob, ${connections} connections`,
      request: `HEAD ${smallPath}`,
      connections,
      least: 40_000,
      ratio: 6,
    }),
  ),
  small('blob-1k', {
    about: 'GET of a blob of 1 KiB, 8 connections',
    request: `GET ${smallPath}`,
    connections: 8,
    least: 15_000,
  }),
  {
    name: 'blob-100m',
    about: 'GET of a blob of 100 MB, 8 clients',
    async run(rig) {
      const rates = await rig.compare(await rig.servers(), async (served) => {
        const request = `GET ${largePath}`
        return megabytesOf(await load(served, { ...times(rig), request, connections: 8 }))
      })
      return beside(rates, { unit: 'MB/s', ratio: 1.3 })
    },
  },
]

/** Returns a load as megabytes instead of answers. */
export function megabytesOf({ megabytes, rate, count }: Load): {
  readonly rate: number
  readonly count: number
} {
  return { rate: megabytes, count: (megabytes * count) / rate }
}

function small(
  name: string,
  {
    about,
    least,
    ratio,
    ...request
  }: Pick<LoadOptions, 'request' | 'connections'> & {
    readonly about: string
    readonly least: number
    readonly ratio?: number
  },
): Row {
  return {
    name,
    about,
    async run(rig) {
      const rates = await rig.compare(await rig.servers(), (served) =>
        load(served, { ...times(rig), ...request }),
      )
      const bounds = { unit: 'per second', least, ...(ratio !== undefined && { ratio }) }
      return [...beside(rates, bounds), ...rates.slice(0, 1).map(microseconds)]
    },
  }
}

function times({ seconds }: Rig): { readonly seconds: number } {
  return { seconds }
}
