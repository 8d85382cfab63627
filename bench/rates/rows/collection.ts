import { fill, manifestPath } from '../content.ts'
import { type Load, load, percentile } from '../load.ts'
import type { Row } from '../row.ts'
import { storeForgotten } from '../seed.ts'
import { dataOf, type Served } from '../served.ts'

/** Images that the collection removes. */
const forgotten = 4000

/** Seconds of a load between two questions whether the collection is still going on. */
const step = 0.25

export const collectionRows: readonly Row[] = [
  {
    name: 'collection',
    about: 'GET of a manifest by its tag, 8 connections, while a collection runs',
    async run(rig) {
      const directory = rig.directory()
      await storeForgotten(directory, forgotten)
      // The interval is that of collections by themselves; the row starts its own.
      const config = {
        storage: { directory: dataOf(directory) },
        collect: { interval: '1h', untagged: '1h', unused: '1h' },
      }
      const served = await rig.serve({ program: 'strake', directory, config })
      await fill(served)
      const request = `GET ${manifestPath}`
      const measure = (seconds: number): Promise<Load> =>
        load(served, { request, connections: 8, seconds })
      const without = await measure(rig.seconds)
      await startCollection(served)
      const during: Load[] = []
      const started = performance.now()
      do during.push(await measure(step))
      while (await isCollecting(served))
      const took = (performance.now() - started) / 1000
      const times = during.flatMap((each) => each.times).sort((one, other) => one - other)
      const usual = percentile(without.times, 0.99)
      return [
        { unit: 'ms for 99 percent of the answers without a collection', value: usual },
        { unit: 'times that during it', value: percentile(times, 0.99) / usual, most: 2 },
        { unit: 'times the answers per second', value: times.length / took / without.rate },
        { unit: `s for ${forgotten} images`, value: took },
      ]
    },
  },
]

async function startCollection({ port }: Served): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/admin/collection`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  })
  if (!answer.ok) throw new Error(await answer.text())
}

async function isCollecting({ port }: Served): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/admin`)
  const { collection } = (await answer.json()) as { collection: { isRunning: boolean } }
  return collection.isRunning
}
