import { describe, expect, test } from 'bun:test'
import { clusterReason, startCluster, startReplica } from './testing/cluster.ts'
import { noLeaks, settle } from './testing/leaks.ts'
import { pullExpected, runSoak } from './testing/soak.ts'

if (clusterReason !== undefined) console.info(`skipped: soak of replicas: ${clusterReason}`)

const minute = 60_000

describe.skipIf(clusterReason !== undefined)('three replicas under constant collection', () => {
  test('lose nothing, fail no pull of what is referenced, and leave nothing', async () => {
    await using cluster = await startCluster()
    const place = await cluster.createPlace()
    await using opened = new AsyncDisposableStack()
    // A minute of the registry is a second here, so what nothing names goes after 11 seconds.
    const since = Date.now()
    const time = { epoch: since, since, speed: 60, leap: 60 * minute }
    const collect = { keep: 10 * minute, interval: 200 }
    const replicas = await Promise.all(
      Array.from({ length: 3 }, async () =>
        opened.use(await startReplica({ ...place, time, collect })),
      ),
    )
    const urls = replicas.map(({ url }) => url)
    const operations = Number(process.env['SOAK_OPERATIONS'] ?? 2000)
    const { counts, failures, expected } = await runSoak({
      ...{ urls, clients: 16, operations, seed: 1 },
      onProgress: (done) => {
        if (operations > 2000) console.info(`${new Date().toISOString()} ${done} operations`)
      },
    })
    expect(failures).toEqual([])
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(operations / 100)
    for (const url of urls) expect(await pullExpected(url, expected)).toEqual([])
    expect(await settle(place, cluster.s3, replicas, expected)).toEqual(noLeaks)
    for (const url of urls) expect(await pullExpected(url, expected)).toEqual([])
  }, 600_000)
})
