import { closeFile, openFile, openFlag } from '#platform'
import type { ContainerContext } from '../model/context.ts'
import { lockContainer } from '../model/lock.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { openRootOf } from '../recovery/reconcile.ts'
import { findContainer } from '../verbs/find.ts'

/** The root file system of a container, without what is mounted in it. */
export interface ContainerFiles extends AsyncDisposable {
  readonly container: Container
  /** A path that stays valid until this is disposed. */
  readonly root: string
}

/**
 * Opens the files of a container, running or not. A running container keeps running. A
 * stopped one cannot be started or removed until this is disposed. Throws `NOT_FOUND`.
 */
export async function openContainerFiles(
  context: ContainerContext,
  nameOrId: string,
  signal?: AbortSignal,
): Promise<ContainerFiles> {
  const found = await findContainer(context, nameOrId)
  const lock = await lockContainer(context, found, signal)
  try {
    const container = getContainer(context, found.id)
    const { root } = container.state
    if (isRunning(container) && root !== undefined) {
      lock[Symbol.dispose]()
      return openMounted(container, root)
    }
    const mounted = await openRootOf(context, container)
    return {
      container,
      root: mounted.root,
      async [Symbol.asyncDispose]() {
        await mounted[Symbol.asyncDispose]()
        lock[Symbol.dispose]()
      },
    }
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

/** Keeps a descriptor open, so that the file system stays when the container ends. */
function openMounted(container: Container, root: string): ContainerFiles {
  const fd = openFile(root, openFlag.path | openFlag.directory)
  return {
    container,
    root: `/proc/self/fd/${fd}`,
    async [Symbol.asyncDispose]() {
      closeFile(fd)
    },
  }
}
