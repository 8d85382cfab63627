import { isSettled } from '../files/digests.ts'

/** Waits until a build trusts the status of all files that were written before the call. */
export async function settled(): Promise<void> {
  const now = Date.now()
  const written = {
    ctime: Math.floor(now / 1000),
    ctimeNanoseconds: Math.ceil((now % 1000) * 1e6),
  }
  // A clock of a file system may be one tick of the kernel, 10 ms at most, ahead of ours.
  while (!isSettled(written, Date.now() - 10)) await Bun.sleep(5)
}
