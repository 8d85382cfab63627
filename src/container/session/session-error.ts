import { StrakeError } from '#oci'

/**
 * The reason why a command cannot attach to a container, or leaves a running container.
 * The command ends with 1. This also holds for `run` and `exec`, whose other errors end
 * with 125.
 */
export class SessionError extends StrakeError {
  readonly exitCode = 1
}

const goesOn = 'the container is not stopped by this'

/**
 * Returns the error for a stream of the user that can no longer be written. `code` is the
 * error code of the system.
 */
export function outputLost(stream: 'stdout' | 'stderr', code: string): SessionError {
  const name = stream === 'stdout' ? 'standard output' : 'standard error'
  const reason = reasons[code] ?? `the system refuses it (${code})`
  return new SessionError('UNAVAILABLE', `Cannot write to ${name}: ${reason}; ${goesOn}`)
}

const reasons: Readonly<Record<string, string>> = {
  EPIPE: 'its reader has gone',
  ECONNRESET: 'its reader has gone',
  EIO: 'its terminal has gone',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than this process may write',
}

/** Returns the error for streams of a user whose `output` has failed. */
export function userLost(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  return new SessionError(
    'UNAVAILABLE',
    `Cannot pass the output on: its reader has gone; ${goesOn}`,
    { cause },
  )
}

/** Returns the error for a monitor that ended without reporting the end of its container. */
export function monitorLost(): StrakeError {
  return new StrakeError('INTERNAL', 'Cannot follow the container: its monitor has ended', {
    remedy: 'it may still run: attach again with strake attach, or start it with strake start',
  })
}
