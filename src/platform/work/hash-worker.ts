import { parentPort } from 'node:worker_threads'
import { compileEagerly } from '../process/javascript-engine.ts'
import { emptyRing, type Ring } from './hash-ring.ts'

compileEagerly()

// The thread of `openHashingWriter`.
parentPort?.once('message', (ring: Ring) => {
  try {
    parentPort?.postMessage({ file: emptyRing(ring) })
  } catch (error) {
    const { message, code, syscall } = error as NodeJS.ErrnoException
    parentPort?.postMessage({ error: { message, code, syscall } })
  }
})
