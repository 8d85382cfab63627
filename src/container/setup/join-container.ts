import { StrakeError } from '#oci'
import { isAlive } from '#platform'
import { hasSharedMemory, joinSharedMemory, mountSharedMemory } from '#runtime'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, getContainer } from '../model/record.ts'

/** Another container whose namespace this one joins. */
export interface JoinedContainer {
  /** The file of the namespace. */
  readonly path: string
  /** The directory with its files of `/etc`. */
  readonly directory: string
}

/** Finds the network of another container. Throws `CONFLICT` when it does not run, `NOT_FOUND`. */
export function joinNetworkOf(
  context: ContainerContext,
  { name }: Container,
  id: string,
): JoinedContainer {
  const other = getRunning(context, { name, id, what: 'network' })
  const { directory } = containerPaths(context, id)
  // This file belongs to the namespace for certain; the number of a process may be used again.
  const path = other.state.network?.namespace ?? `/proc/${pidOf(other)}/ns/net`
  return { path, directory }
}

/** Finds the PID namespace of another container. Throws like `joinNetworkOf`. */
export function joinPidsOf(context: ContainerContext, { name }: Container, id: string): string {
  const other = getRunning(context, { name, id, what: 'processes' })
  return `/proc/${pidOf(other)}/ns/pid`
}

/** An IPC namespace with the memory that belongs to it. */
export interface JoinedMemory {
  /** The file of the namespace. */
  readonly path: string
  /** The directory of this machine that is mounted at `/dev/shm`. */
  readonly memory: string
}

/**
 * Finds the IPC namespace of another container. Throws `INVALID` when it does not share it, and like
 * `joinNetworkOf`.
 */
export function joinIpcOf(
  context: ContainerContext,
  { name }: Container,
  id: string,
): JoinedMemory {
  const other = getRunning(context, { name, id, what: 'IPC namespace' })
  const path = `/proc/${pidOf(other)}/ns/ipc`
  if (other.settings.ipc === 'host') return { path, memory: '/dev/shm' }
  const { memory } = containerPaths(context, id)
  if (hasSharedMemory(memory)) return { path, memory }
  throw new StrakeError(
    'INVALID',
    `Cannot start container ${name}: container ${other.name} has a non-shareable IPC namespace`,
    { remedy: `create ${other.name} with --ipc shareable` },
  )
}

/**
 * Mounts the memory that a container shares with others, or that it joins, at its place. Returns the
 * place; `undefined` for a container that has its memory alone. `releaseMounts` undoes it.
 */
export function prepareMemory(
  context: Pick<ContainerContext, 'root' | 'run'>,
  { id, settings }: Pick<Container, 'id' | 'settings'>,
  joined: JoinedMemory | undefined,
): string | undefined {
  const { memory } = containerPaths(context, id)
  if (joined !== undefined) joinSharedMemory(joined.memory, memory)
  else if (settings.ipc === 'shareable') mountSharedMemory(memory, settings.shmSize)
  else return undefined
  return memory
}

function getRunning(
  context: ContainerContext,
  { name, id, what }: { readonly name: string; readonly id: string; readonly what: string },
): Container {
  const other = getContainer(context, id)
  const { process } = other.state
  if (process !== undefined && isAlive(process)) return other
  throw new StrakeError(
    'CONFLICT',
    `Cannot start container ${name}: it shares the ${what} of ${other.name}, which is not running`,
    { remedy: `strake start ${other.name}` },
  )
}

function pidOf({ state }: Container): number {
  return state.process?.pid ?? 0
}
