import {
  type Descriptor,
  type Digest,
  isIndexType,
  isManifestType,
  limits,
  type ManifestOrIndex,
  parseManifestOrIndex,
  StrakeError,
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
export function isDocument({ mediaType }: Pick<Descriptor, 'mediaType'>): boolean {
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
  const bytes = source.read(descriptor, { signal })
  const raw = await toBuffer(bytes, descriptor.size, descriptor.digest)
  return { descriptor, raw, parsed: parseManifestOrIndex(raw, descriptor.mediaType) }
}

/** Returns the children of a manifest or index, in its order. The subject is not a child. */
export function childrenOf({ parsed }: Pick<ContentDocument, 'parsed'>): readonly Descriptor[] {
  if (parsed.kind === 'index') return parsed.index.manifests
  return [parsed.manifest.config, ...parsed.manifest.layers]
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

/** Throws `MANIFEST_INVALID` when an index is too deep below `root`. */
export function checkDepth(root: Descriptor, depth: number): void {
  if (depth < limits.indexDepth) return
  throw tooMuch(root, `more than ${limits.indexDepth} indexes are inside each other`)
}

function tooMuch({ digest }: Descriptor, reason: string): StrakeError {
  return new StrakeError('MANIFEST_INVALID', `Cannot read ${digest}: ${reason}`)
}
