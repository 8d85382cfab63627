/** Attaching to the streams of a running container. */

/** The files of a container. */
export { inheritMounts } from './files/inherit.ts'
export { type ContainerFiles, openContainerFiles } from './files/open-files.ts'
export { type OpenedView, openContainerView } from './files/open-view.ts'
export { readPresent } from './files/read-present.ts'
/** What the log of a container keeps with every record. */
export { formatAttributes } from './logs/attributes.ts'
/** The check of options before a container is created. */
export { checkOptions } from './model/check-options.ts'
/** Events of a container. */
export { containerEvent } from './model/container-events.ts'
/** The store and the machine of containers. */
export {
  type ContainerContext,
  containerPaths,
  type RunningContext,
  type StateSource,
} from './model/context.ts'
/** Mount requests. */
export type { MountedImage, MountRequest, VolumesFrom } from './model/mount-request.ts'
/** Names and numbers of signals. */
export { isContainerName } from './model/names.ts'
/** Options of a new container. */
export type {
  ContainerImage,
  ContainerOptions,
  LogOptions,
  NetworkChoice,
  RestartPolicy,
} from './model/options.ts'
/** Containers and their current state. */
export {
  type Container,
  getContainer,
  isRunning,
  listContainers,
  readContainer,
  readSettings,
} from './model/record.ts'
/** Settings of a container, merged from its options and its image. */
export { type ContainerSettings, networkNames, networksOf, searchPath } from './model/settings.ts'
export { parseSignal } from './model/signal.ts'
/** The state of a container. */
export type { ContainerState, ContainerStatus } from './model/state.ts'
/** The hidden role in which this program watches one container. */
export { monitorMain } from './monitor/main.ts'
/** The networks of a container that exists. */
export { connectNetwork, disconnectNetwork } from './networks/connect.ts'
export { addPorts, removePorts } from './networks/ports.ts'
/** The state of health checks. */
export { type HealthStatus, readHealth, untilProbed } from './observe/health.ts'
/** The processes of a container. */
export { listProcesses, type ProcessTable } from './observe/processes.ts'
/** The resource use of a container. */
export {
  type ContainerCounters,
  type ContainerUsage,
  readContainerCounters,
  readContainerUsage,
} from './observe/usage.ts'
/** Reaping what failed runtimes leave behind. */
export { reapAbandoned } from './process/reap-abandoned.ts'
/** Cleaning up after crashes and reboots. */
export { isLost, isOrphaned } from './recovery/abandoned.ts'
export { reconcileContainers } from './recovery/reconcile.ts'
/** Restoring lost records of containers. */
export { restoreContainerRecords } from './recovery/restore.ts'
/** The streams of a user, and the end of a session. */
export { DescriptorStreams, type UserDescriptors } from './session/descriptor-streams.ts'
export { createDetachFilter, parseDetachKeys } from './session/detach-keys.ts'
/** A monitor, started before its container is known. */
export { type LaunchedMonitor, type LaunchSettings, launchMonitor } from './session/launch.ts'
export type { SessionEnd } from './session/session.ts'
export { SessionError } from './session/session-error.ts'
export type { ContainerStreams } from './session/streams.ts'
/** Networks that users make. */
export { bridgeOption, findNetwork, lanOption, userNetwork } from './setup/join-networks.ts'
/** Links between containers. */
export { linkTo } from './setup/links.ts'
export { type AttachOptions, attachContainer } from './verbs/attach.ts'
/** Stopping, killing, pausing, waiting. */
export {
  killContainer,
  pauseContainer,
  resizeContainer,
  type StopOptions,
  stopContainer,
  suspendContainer,
  unpauseContainer,
} from './verbs/control.ts'
/** Making a container without starting it. */
export { type CreatedContainer, createContainer } from './verbs/create.ts'
/** Another process in a running container. */
export { type ExecEnd, type ExecOptions, type ExecProcess, execInContainer } from './verbs/exec.ts'
/** Finding a container, and repairing a damaged state. */
export { findContainer } from './verbs/find.ts'
/** Starting a container and staying attached until it ends. */
export { type ForegroundOptions, type RunEnd, runForeground } from './verbs/foreground.ts'
/** All facts about a container. */
export {
  type ContainerDetails,
  type ContainerOutline,
  inspectContainer,
  outlineContainer,
  readManifest,
} from './verbs/inspect.ts'
/** The log of a container. */
export { type LogEntry, type LogsOptions, readLogBatches, readLogs } from './verbs/logs.ts'
/** Removing a container. */
export { type RemoveOptions, removeContainer, removeStopped } from './verbs/remove.ts'
/** Another name for a container. */
export { restartContainer } from './verbs/restart.ts'
/** Creating and starting a container. */
export { runContainer, runDetached } from './verbs/run.ts'
/** Starting in the background. */
export { type StartOptions, startContainer } from './verbs/start.ts'
/** All containers, with the start and the end of the machine. */
export {
  type AllOptions,
  type ContainerOutcome,
  restartLost,
  startAllContainers,
  stopAllContainers,
} from './verbs/start-all.ts'
/** Other limits for a container. */
export { type ContainerChange, renameContainer, updateContainer } from './verbs/update.ts'
/** Waiting for a condition. */
export {
  type WaitCondition,
  type WaitOptions,
  waitContainer,
} from './verbs/wait.ts'
