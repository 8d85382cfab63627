import { fs } from './node-fs.ts'

/**
 * Writes all of `bytes` at `position`, or at the file's offset. The kernel may write fewer bytes
 * per call without an error. Throws `ENOSPC` when a full disk accepts no byte.
 */
export function writeAllNow(descriptor: number, bytes: Uint8Array, position?: number): void {
  const { writeSync } = fs()
  for (let done = 0; done < bytes.length; ) {
    const at = position === undefined ? null : position + done
    const written = writeSync(descriptor, bytes, done, bytes.length - done, at)
    if (written === 0) {
      const message = 'ENOSPC: no space left on device, write'
      throw Object.assign(new Error(message), { code: 'ENOSPC', syscall: 'write' })
    }
    done += written
  }
}
