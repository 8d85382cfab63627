import { parentPort } from 'node:worker_threads'
import { compileEagerly } from '../process/jit.ts'
import { emptyRing, type Ring } from './hash-ring.ts'

compileEagerly()

// The other end of `openHashingWriter`, in a thread of its own.
parentPort?.once('message', (ring: Ring) => {
  try {
    parentPort?.postMessage({ file: emptyRing(ring) })
  } catch (error) {
    const { message, code, syscall } = error as NodeJS.ErrnoException
    parentPort?.postMessage({ error: { message, code, syscall } })
  }
})
