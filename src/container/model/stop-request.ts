import { writeFileSync } from 'node:fs'
import { ownIdentity, readPlainFile } from '#platform'
import type { ContainerPaths } from './context.ts'
import { writeWithReserve } from './reserve.ts'

/** Why a container is stopped: by a user, because the machine goes down, or to be started again. */
export type StopReason = 'user' | 'shutdown' | 'restart'

/**
 * Keeps the monitor from restarting the container. The file stays until the next start. It has the
 * reason; for a restart it names this process instead, which may be killed before the start.
 */
export function writeStopRequest(paths: ContainerPaths, reason: StopReason): void {
  const text = reason === 'restart' ? JSON.stringify(ownIdentity()) : reason
  const write = (): void => writeFileSync(paths.stopRequest, text, { mode: 0o600 })
  writeWithReserve(paths.reserve, write)
}

/** Whether a user has stopped the container after its last start. */
export function isStoppedByUser({ stopRequest }: Pick<ContainerPaths, 'stopRequest'>): boolean {
  const reason = readPlainFile(stopRequest)
  return reason !== undefined && reason !== 'shutdown'
}
