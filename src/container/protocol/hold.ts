import { awaitStranger, removeFile } from '#platform'
import { type ContainerContext, type ContainerPaths, containerPaths } from '../model/context.ts'
import { connectMonitor } from './connection.ts'
import { notePresence, readPresence } from './presence.ts'

/**
 * Announces that this process suspends a container. If it is killed before the end, the monitor
 * resumes the container. If the monitor is killed too, the next monitor does. Disposed when the
 * container is resumed.
 */
export async function announceHold(
  context: Pick<ContainerContext, 'root' | 'run'>,
  id: string,
): Promise<AsyncDisposable> {
  const paths = containerPaths(context, id)
  const monitor = await connectMonitor(paths.socket)
  await monitor?.send({ kind: 'hold', isHeld: true })
  const note = notePresence(paths.holds)
  return {
    async [Symbol.asyncDispose]() {
      note[Symbol.dispose]()
      await monitor?.send({ kind: 'hold', isHeld: false })
      await monitor?.close()
    },
  }
}

/** Forgets processes that suspended the container and have ended. */
export function forgetHolds({ holds }: Pick<ContainerPaths, 'holds'>): void {
  for (const { path, isAlive } of readPresence(holds)) if (!isAlive) removeFile(path)
}

/**
 * For a new monitor: calls `resume` if a process suspended the container and was killed, and as
 * soon as one that still works is killed. A process that has resumed the container has no note any more.
 */
export async function resumeAbandoned(
  paths: Pick<ContainerPaths, 'holds'>,
  resume: () => Promise<void>,
): Promise<void> {
  const found = readPresence(paths.holds)
  if (found.some(({ isAlive }) => !isAlive)) await resume()
  const holders = found.filter(({ isAlive }) => isAlive)
  await Promise.all(
    holders.map(async ({ path, process }) => {
      await awaitStranger(process)
      if (readPresence(paths.holds).some((note) => note.path === path)) await resume()
    }),
  )
}
