import { parentPort } from 'node:worker_threads'
import { type Ring, writeRing } from './hash-ring.ts'

// The other end of `openHashingWriter`, in a thread of its own.
parentPort?.once('message', (ring: Ring) => {
  try {
    const file = writeRing(ring, () => parentPort?.postMessage({ emptied: true }))
    parentPort?.postMessage({ file })
  } catch (error) {
    const { message, code, syscall } = error as NodeJS.ErrnoException
    parentPort?.postMessage({ error: { message, code, syscall } })
  }
})
