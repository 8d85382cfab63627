import { anonymousVolume } from '#volume'
import type { ContainerContext } from '../model/context.ts'
import type { MountRequest, VolumesFrom } from '../model/mount-request.ts'
import { getContainer, isRunning } from '../model/record.ts'
import { openContainerView } from './open-view.ts'

/**
 * Returns `mounts` and the mounts of other containers (`--volumes-from`), as Docker does: of two
 * mounts at one place the later one counts, and one of `mounts` counts most. Volumes of a container
 * that was never started are made and filled first. Throws `NOT_FOUND`.
 */
export async function inheritMounts(
  context: ContainerContext,
  from: readonly VolumesFrom[],
  mounts: readonly MountRequest[],
  signal?: AbortSignal,
): Promise<readonly MountRequest[]> {
  const inherited = new Map<string, MountRequest>()
  for (const { container: name, readOnly } of from) {
    const container = getContainer(context, name)
    if (!isRunning(container)) await fillVolumesOf(context, container.id, signal)
    for (const mount of container.settings.mounts) {
      if (mount.byTmpfsFlag) continue
      const source = mount.source ?? nameOf(container.id, mount)
      const isReadOnly = readOnly || mount.readOnly === true
      inherited.set(mount.destination, {
        ...mount,
        ...(source === undefined ? {} : { source }),
        ...(isReadOnly ? { readOnly: true } : {}),
        noCopy: true,
        isInherited: true,
      })
    }
  }
  for (const { destination } of mounts) inherited.delete(destination)
  return [...inherited.values(), ...mounts]
}

function nameOf(id: string, { type, destination }: MountRequest): string | undefined {
  return type === 'volume' ? anonymousVolume(id, destination) : undefined
}

async function fillVolumesOf(
  context: ContainerContext,
  id: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using _view = await openContainerView(context, id, signal)
}
