import { getContainer, isRunning } from '#container/model/record'
import type { ProcessTable } from '#container/observe/processes'
import type { ProbeResult } from '#container/protocol/frames'
import type { AttachOptions } from '#container/verbs/attach'
import type { StopOptions } from '#container/verbs/control'
import type { ForegroundOptions } from '#container/verbs/foreground'
import type { LogEntry, LogsOptions } from '#container/verbs/logs'
import type { RemoveOptions } from '#container/verbs/remove'
import type { WaitCondition, WaitOptions } from '#container/verbs/wait'
import type { PublishedPort } from '#network'
import { isStrakeError } from '#oci'
import type { Engine } from '../engine.ts'
import { containerContext } from './container-context.ts'
import { type ContainerEnd, describeEnd } from './end.ts'

// The verbs on one container, named by its name, its ID or the beginning of its ID. Each loads its own code.

export async function startContainer(engine: Engine, name: string): Promise<void> {
  const { startContainer: start } = await import('#container/verbs/start')
  await start(await containerContext(engine), name)
}

/** Starts a container and stays attached until it ends. */
export async function startAttached(
  engine: Engine,
  name: string,
  options: Omit<ForegroundOptions, 'launched'> = {},
): Promise<ContainerEnd> {
  const { runForeground } = await import('#container/verbs/foreground')
  return describeEnd(await runForeground(await containerContext(engine), name, options))
}

export async function stopContainer(
  engine: Engine,
  name: string,
  options: StopOptions = {},
): Promise<void> {
  const { stopContainer: stop } = await import('#container/verbs/control')
  await stop(await containerContext(engine), name, options)
}

/** Stops a container and starts it again. A stopped container is only started, and one with `--rm` stays. */
export async function restartContainer(
  engine: Engine,
  name: string,
  options: StopOptions = {},
): Promise<void> {
  const { restartContainer: restart } = await import('#container/verbs/restart')
  await restart(await containerContext(engine), name, options)
}

export async function killContainer(
  engine: Engine,
  name: string,
  signal = 'SIGKILL',
): Promise<void> {
  const { killContainer: kill } = await import('#container/verbs/control')
  await kill(await containerContext(engine), name, signal)
}

export async function pauseContainer(engine: Engine, name: string): Promise<void> {
  const { pauseContainer: pause } = await import('#container/verbs/control')
  await pause(await containerContext(engine), name)
}

export async function unpauseContainer(engine: Engine, name: string): Promise<void> {
  const { unpauseContainer: unpause } = await import('#container/verbs/control')
  await unpause(await containerContext(engine), name)
}

/** Waits for the end of a container, or for another condition, and returns its exit code. */
export async function waitContainer(
  engine: Engine,
  name: string,
  options: WaitOptions = {},
): Promise<number> {
  const { waitContainer: wait } = await import('#container/verbs/wait')
  return await wait(await containerContext(engine), name, options)
}

/** Removes a container. With `force`, returns false for an absent container. */
export async function removeContainer(
  engine: Engine,
  name: string,
  options: RemoveOptions = {},
): Promise<boolean> {
  const { removeContainer: remove } = await import('#container/verbs/remove')
  try {
    await remove(await containerContext(engine), name, options)
    return true
  } catch (error) {
    if (options.force && isStrakeError(error, 'NOT_FOUND')) return false
    throw error
  }
}

/**
 * Removes a stopped container with its anonymous volumes. Returns false if it runs or
 * another process uses it.
 */
export async function removeStoppedContainer(engine: Engine, id: string): Promise<boolean> {
  const { removeStopped } = await import('#container/verbs/remove')
  return await removeStopped(await containerContext(engine), id, { volumes: true })
}

/** Joins a running container until it ends or the user leaves. */
export async function attachContainer(
  engine: Engine,
  name: string,
  options: AttachOptions = {},
): Promise<ContainerEnd> {
  const { attachContainer: attach } = await import('#container/verbs/attach')
  return describeEnd(await attach(await containerContext(engine), name, options))
}

/** Reads the output of a container, oldest entry first. */
export async function* readContainerLogs(
  engine: Engine,
  name: string,
  options: LogsOptions = {},
): AsyncGenerator<LogEntry> {
  const { readLogs } = await import('#container/verbs/logs')
  yield* readLogs(await containerContext(engine), name, options)
}

/** Reads the output of a container and yields all available entries at once. */
export async function* readContainerLogBatches(
  engine: Engine,
  name: string,
  options: LogsOptions = {},
): AsyncGenerator<readonly LogEntry[]> {
  const { readLogBatches } = await import('#container/verbs/logs')
  yield* readLogBatches(await containerContext(engine), name, options)
}

/** Checks the health of a running container now. Throws what `probeContainer` throws. */
export async function probeContainerHealth(engine: Engine, name: string): Promise<ProbeResult> {
  const { probeContainer } = await import('#container/verbs/control')
  return await probeContainer(await containerContext(engine), name)
}

/** Gives a container another name. Throws `CONFLICT` for a name that is taken, `INVALID`, `NOT_FOUND`. */
export async function renameContainer(
  engine: Engine,
  nameOrId: string,
  name: string,
): Promise<void> {
  const { renameContainer: rename } = await import('#container/verbs/update')
  await rename(await containerContext(engine), nameOrId, name)
}

/** Lists the processes of a running container as `ps` with these arguments does. */
export async function listContainerProcesses(
  engine: Engine,
  name: string,
  psArguments: readonly string[],
): Promise<ProcessTable> {
  const { listProcesses } = await import('#container/observe/processes')
  return await listProcesses(await containerContext(engine), name, psArguments)
}

/** Returns the ports of a container that are published now; none when it does not run. */
export async function publishedPorts(
  engine: Engine,
  name: string,
): Promise<readonly PublishedPort[]> {
  const container = getContainer(await containerContext(engine), name)
  return isRunning(container) ? (container.state.network?.ports ?? []) : []
}

export { formatAttributes } from '#container/logs/attributes'
/** Re-exported for commands: streams over the descriptors of this process, and log entries. */
export { DescriptorStreams } from '#container/session/descriptor-streams'
export type { LogEntry, LogsOptions, WaitCondition, WaitOptions }
