import { containerPaths, getContainer, readPresent } from '#container'
import { listChanges, type PathChange } from '#layer'
import { chainIds, type Digest, StrakeError } from '#oci'
import type { Lease } from '#records'
import { containerContext } from './container/container-context.ts'
import type { Engine } from './engine.ts'
import { ensureUnpacked } from './image/ensure-unpacked.ts'
import { findTarget } from './image/find-target.ts'
import { holdImage } from './image/hold-image.ts'

export type { PathChange }

/**
 * Returns the changes of a container, the changes of the last layer of an image, or the
 * differences between an image and `other`. A name that a container and an image share
 * means the container. Throws `NOT_FOUND`.
 */
export async function diff(
  engine: Engine,
  name: string,
  other?: string,
): Promise<readonly PathChange[]> {
  if (other === undefined) {
    if (isContainer(engine, name)) return await containerChanges(engine, name)
    if (findTarget(engine.records, name) === undefined) {
      throw new StrakeError(
        'NOT_FOUND',
        `Cannot show the changes of ${name}: No such container: ${name}, and no such image`,
        {
          remedy: 'see strake ps --all and strake images',
        },
      )
    }
  }
  await using lease = await engine.records.leases.acquire({ purpose: `diff ${name}` })
  const chains = await chainsOf(engine, name, lease)
  const after = chains.at(-1)
  const before = other === undefined ? chains.at(-2) : (await chainsOf(engine, other, lease)).at(-1)
  if (after === undefined) return []
  const snapshots = await engine.snapshots()
  return await Array.fromAsync(snapshots.compare(before ?? null, after))
}

function isContainer({ records }: Engine, name: string): boolean {
  return records.containers.findByNameOrId(name) !== undefined
}

async function containerChanges(engine: Engine, name: string): Promise<readonly PathChange[]> {
  const context = await containerContext(engine)
  const container = getContainer(context, name)
  const { chainId } = container.settings.image
  const { upper } = containerPaths(engine, container.id)
  await using image = chainId === null ? undefined : await context.snapshots.view(chainId)
  return await Array.fromAsync(readPresent(context, container, listChanges(upper, image?.root)))
}

/** Returns the chains of an image, lowest first. Their file systems exist and stay until `lease` ends. */
async function chainsOf(engine: Engine, name: string, lease: Lease): Promise<readonly Digest[]> {
  const { opened } = await holdImage(engine, name, lease)
  await ensureUnpacked(engine, opened)
  return chainIds(opened.config.rootfs.diff_ids)
}
