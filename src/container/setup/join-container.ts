import { StrakeError } from '#oci'
import { isAlive } from '#platform'
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
