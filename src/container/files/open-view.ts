import { closeFile, openFile, openFlag, pathExists } from '#platform'
import { ContainerView, isSandboxed, openSource } from '#runtime'
import { ownUser, releaseVolumes, type VolumeUser } from '#volume'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { lockContainer } from '../model/lock.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { openView } from '../model/running-view.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import { openRootOf } from '../recovery/reconcile.ts'
import { etcFileNames } from '../setup/etc-files.ts'
import { MountedImages } from '../setup/mounted-images.ts'
import { fillVolumes, type ResolvedMount, resolveMounts } from '../setup/volumes.ts'
import { findContainer } from '../verbs/find.ts'

/** The files of a container as its processes see them, with its volumes and bind mounts. */
export interface OpenedView extends AsyncDisposable {
  readonly container: Container
  readonly view: ContainerView
}

/**
 * Opens the files of a container, running or not. A running container keeps running, and the view
 * shows the mounts of its main process. A stopped one cannot be started or removed until this is
 * disposed; its volumes are made and filled as a start would do. Throws `NOT_FOUND`.
 */
export async function openContainerView(
  context: ContainerContext,
  nameOrId: string,
  signal?: AbortSignal,
): Promise<OpenedView> {
  for (;;) {
    const found = await findContainer(context, nameOrId)
    const opened = await openRunning(context, found, signal)
    if (opened !== undefined) return opened
    await using held = new AsyncDisposableStack()
    held.use(await lockContainer(context, found, signal))
    const container = getContainer(context, found.id)
    // Another process has started it since.
    if (isRunning(container)) continue
    const { root } = held.use(await openRootOf(context, container))
    const user = ownUser()
    held.defer(() => releaseVolumes(context, user))
    const view = held.use(ContainerView.ofRoot(root))
    await coverMounts(context, { container, view, root, user, signal })
    const kept = held.move()
    return { container, view, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() }
  }
}

async function openRunning(
  context: ContainerContext,
  container: Container,
  signal: AbortSignal | undefined,
): Promise<OpenedView | undefined> {
  if (!isRunning(container)) return undefined
  using held = new DisposableStack()
  const { process, root } = container.state
  // The process of a sandbox has another root.
  const isVisible = !isSandboxed(runtimeOf(context, container))
  const running = process && isVisible ? openView(process) : undefined
  if (running !== undefined) {
    held.use(running)
    running.cover('/sys', { type: 'kernel' })
  } else if (root === undefined) return undefined
  // Between two starts it has no process, but its root is mounted.
  const view = running ?? held.use(ofMounted(root ?? ''))
  if (running === undefined) {
    const user = { container: container.id }
    await coverMounts(context, { container, view, user, signal })
  }
  const kept = held.move()
  return {
    container,
    view,
    async [Symbol.asyncDispose]() {
      kept[Symbol.dispose]()
    },
  }
}

/** The root is opened by a descriptor, so that it stays when the container ends. */
function ofMounted(root: string): ContainerView {
  const fd = openFile(root, openFlag.path | openFlag.directory)
  try {
    return ContainerView.ofRoot(`/proc/self/fd/${fd}`)
  } finally {
    closeFile(fd)
  }
}

interface Covering {
  readonly container: Container
  readonly view: ContainerView
  /** Present where volumes are to be filled from the image. */
  readonly root?: string | undefined
  readonly user: VolumeUser
  readonly signal: AbortSignal | undefined
}

/** Shows the mounts of a container that has no process, in the order of a start. */
async function coverMounts(
  context: ContainerContext,
  { container, view, root, user, signal }: Covering,
): Promise<void> {
  const { id, settings } = container
  const { mounts: requests } = settings
  await using images = new MountedImages(context.snapshots)
  const mountImage = images.mount.bind(images)
  const mounts = await resolveMounts({
    containerId: id,
    store: context,
    user,
    requests,
    mountImage,
  })
  if (root !== undefined) await fillVolumes(root, mounts, { requests, signal })
  for (const each of mounts.toSorted(byDepth)) {
    const { mount, cover } = openSource(each, view)
    view.cover(view.make(mount.destination, mount.point).path, cover)
  }
  const { directory } = containerPaths(context, id)
  for (const name of etcFileNames) {
    const path = `/etc/${name}`
    const source = `${directory}/${name}`
    const isTaken = requests.some(({ destination }) => destination === path)
    if (isTaken || !pathExists(source)) continue
    const fd = view.keep(openFile(source, openFlag.path))
    view.cover(path, { type: 'tree', fd, readOnly: settings.readOnly })
  }
}

function byDepth(one: ResolvedMount, other: ResolvedMount): number {
  return one.destination.split('/').length - other.destination.split('/').length
}
