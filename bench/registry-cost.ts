// Prints what a push and a pull cost a replica in statements and object requests, for registries of three
// sizes. Needs PostgreSQL. Arguments: numbers of repositories.
import { startCluster } from '../src/server/testing/cluster.ts'
import { measureCosts } from '../src/server/testing/push-cost.ts'

const given = process.argv.slice(2).map(Number)
await using cluster = await startCluster()
for (const repositories of given.length > 0 ? given : [10, 1000, 100_000]) {
  const costs = await measureCosts(await cluster.createPlace(), repositories)
  process.stdout.write(`${repositories} repositories\n`)
  for (const [what, { queries, objects }] of costs) {
    process.stdout.write(`| ${what} | ${queries} | ${objects} |\n`)
  }
}
