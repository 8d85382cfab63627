import { containerPaths, getContainer } from '#container'
import { listChanges, type PathChange } from '#layer'
import { chainIds, type Digest } from '#oci'
import { containerContext } from './container-context.ts'
import type { Engine } from './engine.ts'
import { getImage } from './find-image.ts'
import { unpack } from './unpack.ts'

export type { PathChange }

/**
 * What a container changed of its image; what the last layer of an image changed;
 * or how an image differs from `other`. A name that a container and an image have
 * means the container. Throws `NOT_FOUND`.
 */
export async function diff(
  engine: Engine,
  name: string,
  other?: string,
): Promise<readonly PathChange[]> {
  if (other === undefined && isContainer(engine, name)) return await containerChanges(engine, name)
  const chains = await chainsOf(engine, name)
  const after = chains.at(-1)
  const before = other === undefined ? chains.at(-2) : (await chainsOf(engine, other)).at(-1)
  if (after === undefined) return []
  const snapshots = await engine.snapshots()
  return await Array.fromAsync(snapshots.compare(before ?? null, after))
}

function isContainer({ records }: Engine, name: string): boolean {
  return records.containers.findByNameOrId(name) !== undefined
}

async function containerChanges(engine: Engine, name: string): Promise<readonly PathChange[]> {
  const context = await containerContext(engine)
  const { id, settings } = getContainer(context, name)
  const { chainId } = settings.image
  const { upper } = containerPaths(engine, id)
  if (chainId === null) return [...listChanges(upper)]
  await using image = await context.snapshots.view(chainId)
  return [...listChanges(upper, image.root)]
}

/** The chains of an image, lowest first; their file systems are there. */
async function chainsOf(engine: Engine, name: string): Promise<readonly Digest[]> {
  const image = await engine.openImage(getImage(engine.records, name).image)
  await unpack(engine, image)
  return chainIds(image.config.rootfs.diff_ids)
}
