import { realpathSync } from 'node:fs'
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { blobPath, readGraph, readIndex } from '#content'
import {
  type Descriptor,
  documentType,
  encodeJson,
  isDigest,
  isIndexType,
  mediaType,
  parseManifestOrIndex,
  StrakeError,
} from '#oci'
import {
  isSystemError,
  lockDirectory,
  pathExists,
  readPlainBytes,
  temporaryName,
  tryLockDirectory,
  writeAll,
  writeFileDurable,
} from '#platform'
import { type Bytes, verified } from '#stream'
import { layoutSource } from '../base/layout-source.ts'
import type { LocalExport, LocalImport } from './cache-options.ts'
import type { NamedManifests } from './manifest-place.ts'
import type { CacheContent } from './place.ts'

const tagName = 'org.opencontainers.image.ref.name'

/**
 * A cache in an OCI image layout. Other programs read the directory too, so its files have the
 * usual permissions.
 */
export function layoutPlace(place: LocalImport | LocalExport): NamedManifests {
  const { directory, tag } = place
  const digest = 'digest' in place ? place.digest : undefined
  if (!('resets' in place)) return readPlace(directory, { tag, digest })
  const use = new BlobUse(directory)
  const content = layoutContent(directory, use)
  return {
    ...readPlace(directory, { tag, digest }),
    content,
    async publish(root, signal) {
      // From now on, the index protects the blobs, under the lock that others need to change it.
      await use.begin(signal)
      using _lock = await lockDirectory(await realpath(directory))
      const before = await readIndexOf(directory)
      const others = before.filter((each) => each.annotations?.[tagName] !== tag)
      const added = { ...root, annotations: { [tagName]: tag } }
      await writeFileDurable(`${directory}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}')
      await writeFileDurable(`${directory}/index.json`, indexOf([...others, added]))
      use[Symbol.dispose]()
      using alone = use.tryAlone()
      if (alone !== undefined) await removeUnused(directory, content, place.resets)
    },
    [Symbol.dispose]: () => use[Symbol.dispose](),
  }
}

function readPlace(
  directory: string,
  manifest: { readonly tag: string; readonly digest: string | undefined },
): NamedManifests {
  return {
    name: directory,
    content: { ...layoutSource(directory), write: refuseWrite },
    resolve: async () => await findManifest(directory, manifest),
    publish: refuseWrite,
  }
}

async function refuseWrite(): Promise<never> {
  throw new RangeError('A cache that is read is not written')
}

/**
 * Marks the blobs of a layout as used by a build from its first look at them until an index lists
 * them. Meanwhile, no other build removes blobs.
 */
class BlobUse implements Disposable {
  readonly #directory: string
  #begun: Promise<void> | undefined
  #held: Disposable | undefined
  #isEnded = false

  constructor(directory: string) {
    this.#directory = `${directory}/blobs`
  }

  async begin(signal?: AbortSignal): Promise<void> {
    this.#begun ??= this.#lock(signal)
    await this.#begun
  }

  async #lock(signal?: AbortSignal): Promise<void> {
    await mkdir(this.#directory, { recursive: true })
    this.#held = await lockDirectory(await realpath(this.#directory), signal, 'shared')
    if (this.#isEnded) this.#held[Symbol.dispose]()
  }

  /** Returns `undefined` while another build uses the blobs. */
  tryAlone(): Disposable | undefined {
    return tryLockDirectory(realpathSync(this.#directory))
  }

  [Symbol.dispose](): void {
    this.#isEnded = true
    this.#held?.[Symbol.dispose]()
  }
}

function indexOf(manifests: readonly Descriptor[]): Uint8Array {
  return encodeJson({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests })
}

async function readIndexOf(directory: string): Promise<readonly Descriptor[]> {
  return pathExists(`${directory}/index.json`) ? await readIndex(directory) : []
}

async function findManifest(
  directory: string,
  { tag, digest }: { readonly tag: string; readonly digest: string | undefined },
): Promise<Descriptor | undefined> {
  const manifests = await readIndexOf(directory)
  if (digest === undefined) {
    return manifests.findLast(({ annotations }) => annotations?.[tagName] === tag)
  }
  if (!isDigest(digest)) {
    throw new StrakeError('INVALID', `Cannot read a cache by ${digest}: it is not a digest`)
  }
  const listed = manifests.find((each) => each.digest === digest)
  return listed ?? (await describeBlob(directory, digest))
}

/** A manifest that no tag refers to any more. */
async function describeBlob(
  directory: string,
  digest: Descriptor['digest'],
): Promise<Descriptor | undefined> {
  const path = blobPath(directory, digest)
  if (!pathExists(path)) return undefined
  const raw = readPlainBytes(path)
  if (raw === undefined) return undefined
  const type = documentType(parseManifestOrIndex(raw))
  return { mediaType: type, digest, size: raw.length }
}

function layoutContent(directory: string, use: BlobUse): CacheContent {
  const source = layoutSource(directory)
  return {
    ...source,
    async has(blob, signal) {
      await use.begin(signal)
      return await source.has(blob, signal)
    },
    async write(expected, bytes, { signal } = {}) {
      await use.begin(signal)
      const path = blobPath(directory, expected.digest)
      if (await source.has(expected)) return 'exists'
      await mkdir(dirname(path), { recursive: true })
      await writeBlob(path, verified(bytes, expected), signal)
      return 'written'
    },
  }
}

async function writeBlob(path: string, bytes: Bytes, signal?: AbortSignal): Promise<void> {
  const temporary = temporaryName(path)
  try {
    await using file = await open(temporary, 'wx')
    for await (const chunk of bytes) {
      signal?.throwIfAborted()
      await writeAll(file, chunk)
    }
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Files that a build was writing when it was killed, as `temporaryName` names them. */
const abandoned = /^[0-9a-f]{64,128}\d+-\d+-[0-9a-z]+\.tmp$/

/** Removes abandoned files and, for `resets`, the blobs that no manifest of the layout refers to. */
async function removeUnused(
  directory: string,
  content: CacheContent,
  resets: boolean,
): Promise<void> {
  const { readdir } = await import('node:fs/promises')
  const used = new Set<string>()
  for (const root of resets ? await readIndex(directory) : []) {
    used.add(root.digest)
    const { documents, blobs } = await readGraph(content, root, {
      // A manifest that other programs left without its content keeps nothing.
      prune: ({ digest, mediaType: type }) =>
        digest !== root.digest && isIndexType(type) && !pathExists(blobPath(directory, digest)),
    })
    for (const { descriptor } of documents) used.add(descriptor.digest)
    for (const { digest } of blobs) used.add(digest)
  }
  for (const algorithm of ['sha256', 'sha384', 'sha512']) {
    const names = await readdir(`${directory}/blobs/${algorithm}`).catch((error: unknown) => {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return []
      throw error
    })
    for (const name of names) {
      const isBlob = isDigest(`${algorithm}:${name}`)
      if (abandoned.test(name) || (resets && isBlob && !used.has(`${algorithm}:${name}`))) {
        await rm(`${directory}/blobs/${algorithm}/${name}`)
      }
    }
  }
}
