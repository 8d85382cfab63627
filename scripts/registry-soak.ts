// Lets 16 clients push, pull, retag, delete and mount at random against three replicas of a registry that
// collect all the time. Needs PostgreSQL. Arguments: the number of operations, and a seed.
import { noLeaks } from '../src/server/testing/leaks.ts'
import { soakCluster } from '../src/server/testing/soak-cluster.ts'

const operations = Number(process.argv[2] ?? 100_000)
const seed = Number(process.argv[3] ?? 1)
const began = Date.now()
const since = (): string => `${Math.round((Date.now() - began) / 1000)} s`

const { counts, failures, lost, leaks } = await soakCluster({
  ...{ replicas: 3, clients: 16, operations, seed, keep: 30 },
  onProgress: (done) => process.stdout.write(`${since()}: ${done} operations\n`),
})
process.stdout.write(
  `${since()}: ${JSON.stringify(counts)}, ${failures.length} failures, ${lost.length} lost\n`,
)
for (const sentence of [...failures, ...lost].slice(0, 100)) process.stdout.write(`${sentence}\n`)
process.stdout.write(`leaks: ${JSON.stringify(leaks)}\n`)
const isGood = failures.length === 0 && lost.length === 0 && Bun.deepEquals(leaks, noLeaks)
process.exit(isGood ? 0 : 1)
