import { type Digest, StrakeError } from '#oci'
import { inUserNamespace, isSystemError } from '#platform'
import { ImageMounts } from '#snapshot/chain/image-mounts'
import type { Emit } from '#stream'
import { beginWork } from '../begin-work.ts'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { familiarNames, findImage } from '../image/find-image.ts'
import { holdImage } from '../image/hold-image.ts'
import { requireRoot } from '../require-root.ts'

/** An image whose files this machine can read at a path. */
export interface MountedImage {
  readonly id: Digest
  /** In familiar form; empty for an image without a name. */
  readonly names: readonly string[]
  readonly path: string
}

export interface MountImageOptions {
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Mounts the files of an image read-only, until `unmountImage` or a reboot. An image that is
 * mounted keeps its path. Throws `NOT_FOUND` for an absent image, `INVALID` for an image without
 * layers, `DENIED` without root.
 */
export async function mountImage(
  engine: Engine,
  name: string,
  options: MountImageOptions = {},
): Promise<MountedImage> {
  requireHost(name)
  await using lease = await beginWork(engine, `mount image ${name}`)
  const { opened } = await holdImage(engine, name, lease)
  const chainId = await ensureUnpacked(engine, opened, { ...options, lease })
  if (chainId === null) {
    throw new StrakeError('INVALID', `Cannot mount image ${name}: it has no files`)
  }
  const mounts = new ImageMounts(engine.run)
  const path = await mounts.mount(opened.imageId, chainId, await engine.snapshots())
  return describe(engine, opened.imageId, path)
}

/** Returns the mounted images, sorted by name. */
export function listMountedImages(engine: Engine): readonly MountedImage[] {
  const mounts = new ImageMounts(engine.run)
  return mounts
    .list()
    .flatMap((id) => {
      const path = mounts.find(id)
      return path === undefined ? [] : describe(engine, id, path)
    })
    .sort((a, b) => (shownName(a) < shownName(b) ? -1 : 1))
}

export interface UnmountImageOptions {
  /** Unmounts also while a process uses the files: it keeps what it has open. */
  readonly force?: boolean | undefined
}

/**
 * Unmounts an image and returns its ID. Throws `NOT_FOUND` for an absent image, `CONFLICT` if the
 * image is not mounted, or if a process uses its files.
 */
export async function unmountImage(
  engine: Engine,
  name: string,
  { force = false }: UnmountImageOptions = {},
): Promise<Digest> {
  const mounts = new ImageMounts(engine.run)
  const id = findId(engine, mounts.list(), name)
  try {
    if (await mounts.unmount(id, { detach: force })) return id
  } catch (cause) {
    if (!isSystemError(cause, 'EBUSY')) throw cause
    const message = `Cannot unmount image ${name}: a process uses its files`
    throw new StrakeError('CONFLICT', message, { cause, remedy: 'end the process, or add --force' })
  }
  throw new StrakeError('CONFLICT', `Cannot unmount image ${name}: it is not mounted`, {
    remedy: 'see strake image mount',
  })
}

/** The first name of an image, else its ID. */
export function shownName({ names: [name], id }: Pick<MountedImage, 'names' | 'id'>): string {
  return name ?? id
}

/** An image that is no longer recorded is found by its ID among the mounted ones. */
function findId({ records }: Engine, mounted: readonly Digest[], name: string): Digest {
  const id = findImage(records, name)?.image.imageId
  const byId = mounted.filter((each) => each === name || each.startsWith(`sha256:${name}`))
  const [only] = byId.length === 1 ? byId : []
  const found = id ?? only
  if (found !== undefined) return found
  throw new StrakeError('NOT_FOUND', `Cannot unmount image ${name}: No such image: ${name}`, {
    remedy: 'see strake image mount',
  })
}

function describe({ records }: Engine, id: Digest, path: string): MountedImage {
  const images = records.images.list().filter(({ imageId }) => imageId === id)
  const names = images.flatMap(({ digest }) => familiarNames(records, digest))
  return { id, path, names: [...new Set(names)].sort() }
}

/** Throws `DENIED` where other programs would not see the mount. */
function requireHost(name: string): void {
  requireRoot('mount an image')
  if (!inUserNamespace()) return
  const message = `Cannot mount image ${name}: without root only strake would see the mount`
  throw new StrakeError('DENIED', message, {
    remedy: `run it with sudo, or copy the files of a container: strake create ${name}, strake cp`,
  })
}
