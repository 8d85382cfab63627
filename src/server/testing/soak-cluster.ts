import { startCluster, startReplica } from './cluster.ts'
import { type Leaks, settle } from './leaks.ts'
import { pullExpected, runSoak, type SoakOptions, type SoakReport } from './soak.ts'

const minute = 60_000

export interface ClusterSoakOptions
  extends Pick<SoakOptions, 'operations' | 'seed' | 'onProgress'> {
  readonly clients: number
  readonly replicas: number
  /** Seconds for which content that nothing names stays. */
  readonly keep: number
}

export interface ClusterSoakReport extends SoakReport {
  /** Sentences about pulls from each replica at the end, before and after everything was collected. */
  readonly lost: readonly string[]
  readonly leaks: Leaks
}

/** Runs the soak against replicas that collect all the time. A second is a minute for them. */
export async function soakCluster(options: ClusterSoakOptions): Promise<ClusterSoakReport> {
  const { clients, operations, seed, keep, onProgress } = options
  await using cluster = await startCluster()
  const place = await cluster.createPlace()
  await using opened = new AsyncDisposableStack()
  const since = Date.now()
  const time = { epoch: since, since, speed: 60, leap: 60 * minute }
  const collect = { keep: keep * minute, interval: 200 }
  const replicas = await Promise.all(
    Array.from({ length: options.replicas }, async () =>
      opened.use(await startReplica({ ...place, time, collect })),
    ),
  )
  const urls = replicas.map(({ url }) => url)
  const report = await runSoak({
    ...{ urls, clients, operations, seed, onProgress, slow: keep * 1000 },
  })
  const { expected } = report
  const pullAll = async (): Promise<readonly string[]> => {
    const found: string[] = []
    for (const url of urls) found.push(...(await pullExpected(url, expected)))
    return found
  }
  const before = await pullAll()
  const leaks = await settle(place, cluster.s3, replicas, expected)
  return { ...report, lost: [...before, ...(await pullAll())], leaks }
}
