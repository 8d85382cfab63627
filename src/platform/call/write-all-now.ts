import { fs } from './node-fs.ts'

/**
 * Writes all of `bytes` at `position`, or where the file stands. The kernel may take
 * fewer bytes than it is given, without an error.
 */
export function writeAllNow(descriptor: number, bytes: Uint8Array, position?: number): void {
  const { writeSync } = fs()
  for (let done = 0; done < bytes.length; ) {
    const at = position === undefined ? null : position + done
    done += writeSync(descriptor, bytes, done, bytes.length - done, at)
  }
}
