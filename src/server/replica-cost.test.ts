import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clusterReason, startCluster } from './testing/cluster.ts'
import { measureCosts } from './testing/push-cost.ts'

const page = join(import.meta.dir, '../../docs/decisions/023-many-replicas-of-a-registry.md')

describe.skipIf(clusterReason !== undefined)(
  'the cost of a push in queries and object requests',
  () => {
    // `bench/registry-cost.ts` measures the same with 100,000 repositories.
    test('is that of the documentation, with 10 repositories and with 1,000', async () => {
      await using cluster = await startCluster()
      const few = await measureCosts(await cluster.createPlace(), 10)
      const many = await measureCosts(await cluster.createPlace(), 1000)
      expect([...many]).toEqual([...few])
      const rows = [...few].map(
        ([what, { queries, objects }]) => `| ${what} | ${queries} | ${objects} |`,
      )
      const documented = readFileSync(page, 'utf8').split('\n')
      expect(documented.filter((line) => /^\| a .* \| \d+ \| \d+ \|$/.test(line))).toEqual(rows)
    }, 120_000)
  },
)
