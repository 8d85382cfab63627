/** The store and machine a container lives on. */

/** Joining, looking in. */
export { type AttachOptions, attachContainer } from './attach.ts'
export type { ContainerContext } from './context.ts'
/** Ending. */
export {
  killContainer,
  parseSignal,
  pauseContainer,
  type StopOptions,
  stopContainer,
  unpauseContainer,
  waitContainer,
} from './control.ts'
/** Making and starting. */
export type { CreatedContainer } from './create.ts'
export { createContainer } from './create.ts'
export { type ExecOptions, execInContainer } from './exec.ts'
export { type ForegroundOptions, type RunEnd, runForeground } from './foreground.ts'
export { type InspectDocument, inspectContainer, readHealth } from './inspect.ts'
export { type LogEntry, type LogsOptions, readLogs } from './logs.ts'
export type { MountRequest } from './model/mount-request.ts'
export { isVolumeName, parseMount, parseTmpfs, parseVolume } from './model/mount-request.ts'
/** What can be asked for, and reading it from flags. */
export type {
  ContainerImage,
  ContainerOptions,
  LogOptions,
  RestartPolicy,
} from './model/options.ts'
export {
  type Container,
  getContainer,
  isRunning,
  listContainers,
  readContainer,
  readSettings,
} from './model/record.ts'
/** Telling. */
export type { ContainerSettings } from './model/settings.ts'
export type { ContainerState, ContainerStatus } from './model/state.ts'
/** The hidden role of this program that looks after one container. */
export { monitorMain } from './monitor/main.ts'
export { reconcileContainers } from './reconcile.ts'
export { type RemoveOptions, removeContainer } from './remove.ts'
export { runContainer, runDetached } from './run.ts'
export type { SessionEnd, UserStreams } from './session/session.ts'
export { type StartOptions, startContainer } from './start.ts'
export { formatDuration, formatStatus } from './status-text.ts'
