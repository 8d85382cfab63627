import { type ContainerContext, containerPaths } from '../model/context.ts'
import { notePresence, readPresence } from './presence.ts'

type Places = Pick<ContainerContext, 'root' | 'run'>

/**
 * Announces a client that will read the output of a container from its first byte, before the
 * container starts. The process that starts the container tells its monitor how many clients to
 * wait for. Disposed when the client has connected or has left.
 */
export function announceClient(context: Places, id: string): Disposable {
  return notePresence(directoryOf(context, id))
}

/** Returns the number of clients that living processes have announced. */
export function countAnnounced(context: Places, id: string): number {
  return readPresence(directoryOf(context, id)).filter(({ isAlive }) => isAlive).length
}

/** Removed with the container. */
function directoryOf(context: Places, id: string): string {
  return `${containerPaths(context, id).directory}/announced`
}
