import { monitorMain } from '../monitor/main.ts'

/** A program that is nothing but a monitor, for tests. */
await monitorMain()
