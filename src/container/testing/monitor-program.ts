import { monitorMain } from '../monitor/main.ts'

/** A program with the role of a monitor, for tests. Its arguments are `__monitor` and a directory. */
const [directory] = process.argv.slice(3)
await monitorMain(directory)
