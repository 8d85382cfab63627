import { writeFileSync } from 'node:fs'
import { readPlainFile } from '#platform'
import type { ContainerPaths } from './context.ts'
import { writeWithReserve } from './reserve.ts'

/** Why a container is stopped: by a user, because the machine goes down, or to be started again. */
export type StopReason = 'user' | 'shutdown' | 'restart'

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

/** Whether a command has stopped the container and will start it, so that it stays also with `--rm`. */
export function isBeingRestarted({ stopRequest }: Pick<ContainerPaths, 'stopRequest'>): boolean {
  return readPlainFile(stopRequest) === 'restart'
}
