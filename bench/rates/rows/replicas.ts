import { mkdirSync } from 'node:fs'
import {
  clusterReason,
  startCluster,
  writeReplicaConfig,
} from '../../../src/server/testing/cluster.ts'
import { withDescendants } from '../../peak.ts'
import { fill, manifestPath } from '../content.ts'
import { load } from '../load.ts'
import type { Rig } from '../rig.ts'
import type { Row } from '../row.ts'
import { processorTime, type Served } from '../served.ts'

const replicas = 3

/**
 * What three replicas together answer on processors of their own, computed from the processor time of
 * an answer: a replica answers on one thread. The database has a process for each connection, and as
 * many processors as the last figure says; with fewer, it is what limits the replicas.
 */
export const replicaRows: readonly Row[] =
  clusterReason === undefined
    ? [
        {
          name: 'replicas',
          about: `GET of a manifest by its tag from ${replicas} replicas, computed from processor time`,
          run: measureReplicas,
        },
      ]
    : []

function addTime(sum: number, pid: number): number {
  return sum + processorTime(pid)
}

interface Cost {
  /** Seconds of processor time of an answer: in a replica, and in the database. */
  readonly replica: number
  readonly database: number
}

async function measureReplicas(rig: Rig) {
  await using cluster = await startCluster()
  const place = await cluster.createPlace()
  const servers: Served[] = []
  for (let count = 0; count < replicas; count += 1) {
    const directory = rig.directory()
    mkdirSync(directory, { recursive: true })
    const file = await writeReplicaConfig(directory, place)
    const config = (await Bun.file(file).json()) as Record<string, unknown>
    servers.push(await rig.serve({ program: 'strake', directory, config }))
  }
  const [first, ...others] = servers
  if (first === undefined) throw new Error('no replica runs')
  await fill(first)
  const measure = async (loaded: readonly Served[]): Promise<Cost> => {
    const used = (): Cost => ({
      replica: loaded.map(({ pid }) => pid).reduce(addTime, 0),
      database: withDescendants(cluster.postgres.pid()).reduce(addTime, 0),
    })
    const before = used()
    const done = await Promise.all(
      loaded.map((served) =>
        load(served, { request: `GET ${manifestPath}`, connections: 8, seconds: rig.seconds }),
      ),
    )
    const after = used()
    const count = done.reduce((sum, each) => sum + each.count, 0)
    return {
      replica: (after.replica - before.replica) / count,
      database: (after.database - before.database) / count,
    }
  }
  const alone = await measure([first])
  const together = await measure([first, ...others])
  const rate = replicas / together.replica
  return [
    { unit: 'times that of one', value: rate * alone.replica, least: 2.5 },
    { unit: 'per second of one', value: 1 / alone.replica },
    { unit: 'processors for the database', value: rate * together.database },
  ]
}
