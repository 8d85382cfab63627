import { describe, expect, test } from 'bun:test'
import { clusterReason } from './testing/cluster.ts'
import { noLeaks } from './testing/leaks.ts'
import { soakCluster } from './testing/soak-cluster.ts'

if (clusterReason !== undefined) console.info(`skipped: soak of replicas: ${clusterReason}`)

describe.skipIf(clusterReason !== undefined)('three replicas under constant collection', () => {
  // `scripts/registry-soak.ts` does the same with 100,000 operations.
  test('lose nothing, fail no pull of what is referenced, and leave nothing', async () => {
    const operations = 2000
    const size = { replicas: 3, clients: 16, operations }
    const { counts, failures, lost, leaks } = await soakCluster({ ...size, seed: 1, keep: 10 })
    expect(failures).toEqual([])
    expect(lost).toEqual([])
    expect(leaks).toEqual(noLeaks)
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(operations / 100)
  }, 600_000)
})
