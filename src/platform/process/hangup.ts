import { readSmallFile } from '../call/posix.ts'

/**
 * Whether this process ignores SIGHUP, as under `nohup`. To be asked before the first handler is
 * set, because a handler replaces the choice of the caller.
 */
export function ignoresHangup(): boolean {
  const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readSmallFile('/proc/self/status') ?? '')?.[1]
  return ignored !== undefined && (BigInt(`0x${ignored}`) & hangup) !== 0n
}

/** SIGHUP is signal 1, the lowest bit. */
const hangup = 1n
