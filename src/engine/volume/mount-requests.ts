import { existsSync } from 'node:fs'
import {
  type ContainerContext,
  inheritMounts,
  type MountRequest,
  type VolumesFrom,
} from '#container'
import { StrakeError } from '#oci'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { findImage } from '../image/find-image.ts'

export interface MountRequestOptions {
  readonly mounts: readonly MountRequest[]
  readonly volumesFrom: readonly VolumesFrom[]
  /** Called when there are other containers. */
  readonly context: () => Promise<ContainerContext>
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Finds the images that are mounted and makes their file systems ready, and adds the mounts of other
 * containers. Throws `NOT_FOUND`.
 */
export async function resolveMountRequests(
  engine: Engine,
  { mounts, volumesFrom, context, emit, signal }: MountRequestOptions,
): Promise<readonly MountRequest[]> {
  const resolved: MountRequest[] = []
  for (const mount of mounts) {
    resolved.push(mount.type === 'image' ? await withImage(engine, mount, { emit, signal }) : mount)
  }
  if (
    mounts.some(({ relabel }) => relabel !== undefined) &&
    existsSync('/sys/fs/selinux/enforce')
  ) {
    const message = 'z and Z have no effect: strake does not set labels of SELinux'
    emit?.({ type: 'warning', message })
  }
  if (volumesFrom.length === 0) return resolved
  return await inheritMounts(await context(), volumesFrom, resolved, signal)
}

async function withImage(
  engine: Engine,
  mount: MountRequest,
  options: { readonly emit: Emit | undefined; readonly signal: AbortSignal | undefined },
): Promise<MountRequest> {
  const name = mount.source ?? ''
  const found = findImage(engine.records, name, undefined)
  if (found === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot mount image ${name}: No such image: ${name}`, {
      remedy: `strake pull ${name}`,
    })
  }
  const image = await engine.openImage(found.image)
  const chainId = await ensureUnpacked(engine, image, options)
  if (chainId === null) {
    throw new StrakeError('INVALID', `Cannot mount image ${name}: it has no files`)
  }
  return { ...mount, image: { id: image.imageId, chainId } }
}
