import { fs } from './node-fs.ts'

/**
 * Writes all of `bytes` at `position`, or where the file stands. The kernel may take
 * fewer bytes than it is given, without an error. Throws `ENOSPC` where a full disk
 * shows itself as a write of nothing.
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
