import { findReachable } from '#content'
import type { Digest } from '#oci'
import { fileStatus, pathExists } from '#platform'
import type { ImageRecord } from '#records'
import { layerArchive, type SnapshotRecord } from '#snapshot'
import { isServed } from '../collect/collect-garbage.ts'
import {
  blobRoots,
  chainsOf,
  type Keepers,
  wantedChains,
  withParents,
} from '../collect/reachable.ts'
import type { Engine } from '../engine.ts'

/** Sizes of files by identity, so that a file with two names is counted once. */
export type Files = ReadonlyMap<string, number>

/** The files of the store that a collection could remove. */
export interface Space {
  /** All of these files. */
  readonly all: Files
  /** The files of blobs that repositories of the embedded registry hold. */
  readonly served: Files
  /** The files that a collection would keep for `keepers`, and for containers and leases. */
  kept(keepers: Keepers, options?: { readonly served?: boolean }): Promise<Files>
  /** The files of one image. */
  ofImage(image: ImageRecord): Promise<Files>
  /** The files of these blobs, and of these file systems and their ancestors. */
  filesOf(blobs: Iterable<Digest>, chains: Iterable<Digest>): Files
}

/** Lists every blob and file system of the store with the files that hold it. */
export async function measureSpace(engine: Engine): Promise<Space> {
  const records = await Array.fromAsync((await engine.snapshots()).list())
  const chains = new Map(records.map((record) => [record.chainId, filesOfChain(engine, record)]))
  const archives = new Map([...chains.values()].flatMap((files) => [...files]))
  const blobs = new Map<Digest, Files>()
  const served = new Set<Digest>()
  for await (const { digest, size } of engine.content.list()) {
    const id = identityOf(engine.content.pathOf(digest)) ?? digest
    blobs.set(digest, new Map([[id, archives.get(id) ?? size]]))
    if (await isServed(engine, digest)) served.add(digest)
  }
  const filesOf = (digests: Iterable<Digest>, chainIds: Iterable<Digest>): Files =>
    join([
      ...Array.from(digests, (digest) => blobs.get(digest)),
      ...Array.from(withParents(chainIds, records), (chainId) => chains.get(chainId)),
    ])
  return {
    all: filesOf(blobs.keys(), chains.keys()),
    served: filesOf(served, []),
    filesOf,
    async ofImage(image) {
      const { digest, mediaType, size } = image
      const reachable = await findReachable(engine.content, [{ digest, mediaType, size }])
      const own = [...blobs.keys()].filter((each) => reachable.has(each))
      return filesOf(own, await chainsOf(engine, image))
    },
    async kept(keepers, options = {}) {
      const reachable = await findReachable(engine.content, blobRoots(engine, keepers))
      const held = engine.records.leases.held()
      const isKept = (digest: Digest): boolean =>
        reachable.has(digest) ||
        held.has(digest) ||
        (options.served !== false && served.has(digest))
      return filesOf([...blobs.keys()].filter(isKept), await wantedChains(engine, keepers))
    },
  }
}

/** Returns the bytes of the files that are not in `others`. */
export function bytesBeyond(files: Files, others: Files): number {
  let bytes = 0
  for (const [id, size] of files) if (!others.has(id)) bytes += size
  return bytes
}

/** Returns the bytes of `files`. */
export function bytesOf(files: Files): number {
  return bytesBeyond(files, new Map())
}

/** Returns the union. */
export function join(all: readonly (Files | undefined)[]): Files {
  return new Map(all.flatMap((files) => [...(files ?? [])]))
}

function filesOfChain({ root }: Engine, { chainId, size, layer }: SnapshotRecord): Files {
  if (layer === undefined) return new Map([[chainId, size]])
  const archive = identityOf(layerArchive(root, layer.diffId)) ?? layer.diffId
  return new Map([
    [chainId, size - layer.size],
    [archive, layer.size],
  ])
}

function identityOf(path: string): string | undefined {
  if (!pathExists(path)) return undefined
  const { device, inode } = fileStatus(path)
  return `${device}/${inode}`
}
