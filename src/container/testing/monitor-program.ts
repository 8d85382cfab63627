import { monitorMain } from '../monitor/main.ts'

/** A program with the role of a monitor, for tests. */
await monitorMain()
