import {
  type Descriptor,
  type Digest,
  isIndexType,
  isManifestType,
  limits,
  type ManifestOrIndex,
  type Platform,
  parseManifestOrIndex,
  StrakeError,
  selectPlatform,
} from '#oci'
import { toBuffer } from '#stream'
import type { ContentSource } from './store.ts'

/** A parsed manifest or index, with its original bytes. */
export interface ContentDocument {
  readonly descriptor: Descriptor
  readonly raw: Uint8Array
  readonly parsed: ManifestOrIndex
}

/** Everything that one root refers to, and the root. */
export interface ContentGraph {
  /** Manifests and indexes, children before their parents. */
  readonly documents: readonly ContentDocument[]
  /** Configs, layers and everything else, each once. */
  readonly blobs: readonly Descriptor[]
}

/** The most bytes of all documents of one graph. */
const documentsSize = 64 * 1024 * 1024

/** True for content that refers to other content. */
export function isDocument({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType)
}

/** Reads and parses a manifest or an index. Throws `MANIFEST_INVALID`, `NOT_FOUND`. */
export async function readDocument(
  source: ContentSource,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<ContentDocument> {
  if (descriptor.size > limits.manifestSize) {
    throw new StrakeError(
      'MANIFEST_INVALID',
      `Cannot read manifest ${descriptor.digest}: it has ${descriptor.size} bytes, more than ${limits.manifestSize}`,
    )
  }
  const bytes = source.read(descriptor, signal === undefined ? {} : { signal })
  const raw = await toBuffer(bytes, descriptor.size, descriptor.digest)
  return { descriptor, raw, parsed: parseManifestOrIndex(raw, descriptor.mediaType) }
}

/** Returns the children of a manifest or index, in its order. The subject is not a child. */
export function childrenOf({ parsed }: ContentDocument): readonly Descriptor[] {
  if (parsed.kind === 'index') return parsed.index.manifests
  return [parsed.manifest.config, ...parsed.manifest.layers]
}

/**
 * Returns the manifest of `root` to use on `platform`: `root` itself when it is a
 * manifest, else the best match of the index and its nested indexes. Throws `NOT_FOUND`
 * with the platforms of the index.
 */
export async function selectManifest(
  source: ContentSource,
  root: Descriptor,
  platform: Platform,
  signal?: AbortSignal,
): Promise<Descriptor> {
  let current = root
  for (let depth = 0; isIndexType(current.mediaType); depth++) {
    checkDepth(root, depth)
    const { parsed } = await readDocument(source, current, signal)
    if (parsed.kind !== 'index') break
    current = selectPlatform(platform, parsed.index.manifests, root.digest)
  }
  return current
}

/**
 * Walks everything below `root`, each content once. Depth, number of descriptors and bytes are
 * limited, so it terminates for any input. `prune` may exclude a descriptor with everything below
 * it.
 */
export async function readGraph(
  source: ContentSource,
  root: Descriptor,
  options: {
    readonly prune?: (descriptor: Descriptor) => boolean
    readonly signal?: AbortSignal | undefined
  } = {},
): Promise<ContentGraph> {
  const { prune = () => false, signal } = options
  const seen = new Map<Digest, Descriptor>()
  const documents: ContentDocument[] = []
  const blobs: Descriptor[] = []
  let size = 0

  async function visit(descriptor: Descriptor, depth: number): Promise<void> {
    if (prune(descriptor) || !isNew(seen, descriptor)) return
    if (!isDocument(descriptor)) {
      blobs.push(descriptor)
      return
    }
    if (isIndexType(descriptor.mediaType)) checkDepth(root, depth)
    const document = await readDocument(source, descriptor, signal)
    size += document.raw.length
    if (size > documentsSize)
      throw tooMuch(root, `its manifests have more than ${documentsSize} bytes`)
    for (const child of childrenOf(document)) await visit(child, depth + 1)
    documents.push(document)
  }
  await visit(root, 0)
  return { documents, blobs }
}

/** Records a descriptor. Returns whether it is the first with its digest. */
function isNew(seen: Map<Digest, Descriptor>, descriptor: Descriptor): boolean {
  const known = seen.get(descriptor.digest)
  if (known === undefined) {
    if (seen.size >= limits.descriptors) {
      throw tooMuch(descriptor, `more than ${limits.descriptors} descriptors are below it`)
    }
    seen.set(descriptor.digest, descriptor)
    return true
  }
  if (known.size !== descriptor.size || isDocument(known) !== isDocument(descriptor)) {
    throw new StrakeError(
      'MANIFEST_INVALID',
      `Cannot read ${descriptor.digest}: two descriptors of it contradict each other`,
    )
  }
  return false
}

function checkDepth(root: Descriptor, depth: number): void {
  if (depth < limits.indexDepth) return
  throw tooMuch(root, `more than ${limits.indexDepth} indexes are inside each other`)
}

function tooMuch({ digest }: Descriptor, reason: string): StrakeError {
  return new StrakeError('MANIFEST_INVALID', `Cannot read ${digest}: ${reason}`)
}
