import { writeFileSync } from 'node:fs'
import { readPlainFile } from '#platform'
import type { ContainerPaths } from './context.ts'
import { writeWithReserve } from './reserve.ts'

/** Why a container is stopped: by a user, or because the machine goes down. */
export type StopReason = 'user' | 'shutdown'

/** Keeps the monitor from restarting the container. The file stays until the next start. */
export function writeStopRequest(paths: ContainerPaths, reason: StopReason): void {
  const write = (): void => writeFileSync(paths.stopRequest, reason, { mode: 0o600 })
  writeWithReserve(paths.reserve, write)
}

/** Whether a user has stopped the container after its last start. */
export function isStoppedByUser({ stopRequest }: Pick<ContainerPaths, 'stopRequest'>): boolean {
  const reason = readPlainFile(stopRequest)
  return reason !== undefined && reason !== 'shutdown'
}
