// Measures `strake registry serve`, beside distribution where a bound is a ratio: both are measured in
// turn, in each round, with one client of raw sockets on the same machine. Prints medians and bounds.
//   scripts/bun bench/registry-rates.ts [ROW...] [--rounds N] [--seconds N]
// A ROW is the beginning of a row's name; without one, all are measured. Needs dist/strake, and
// distribution as $STRAKE_GOPEERS/registry; without it only strake is measured.
import { openRig } from './rates/rig.ts'
import { formatRow } from './rates/row.ts'
import { cacheRows } from './rates/rows/cache.ts'
import { collectionRows } from './rates/rows/collection.ts'
import { listRows } from './rates/rows/lists.ts'
import { memoryRows } from './rates/rows/memory.ts'
import { replicaRows } from './rates/rows/replicas.ts'
import { requestRows } from './rates/rows/requests.ts'
import { secureRows } from './rates/rows/secure.ts'
import { startRows } from './rates/rows/start.ts'
import { uploadRows } from './rates/rows/uploads.ts'

const all = [
  ...requestRows,
  ...uploadRows,
  ...secureRows,
  ...listRows,
  ...startRows,
  ...collectionRows,
  ...cacheRows,
  ...replicaRows,
  ...memoryRows,
]
const words = process.argv.slice(2)

function take(option: string, otherwise: number): number {
  const at = words.indexOf(option)
  return at < 0 ? otherwise : Number(words.splice(at, 2)[1])
}

const options = { rounds: take('--rounds', 3), seconds: take('--seconds', 2) }
const rows =
  words.length === 0 ? all : all.filter(({ name }) => words.some((word) => name.startsWith(word)))
if (rows.length === 0) {
  process.stderr.write(`The rows are: ${all.map(({ name }) => name).join(' ')}\n`)
  process.exit(2)
}
await using rig = openRig(options)
for (const row of rows) {
  try {
    process.stdout.write(formatRow(row, await row.run(rig)))
  } catch (error) {
    process.stdout.write(`${row.name}: not measured: ${error}\n`)
    process.exitCode = 1
  }
}
