import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  isConfigType,
  type Platform,
} from '#oci'
import { type Bytes, counted, type Emit, fromBuffer, mapConcurrently, silent } from '#stream'
import type { Arrivals } from './arrivals.ts'
import { readGraph } from './graph.ts'
import { selectManifest } from './select-manifest.ts'
import type { ContentSource, ContentStore, WriteOutcome } from './store.ts'

export interface CopyOptions {
  /** Copies only the manifest for this platform of an index, without the index. */
  readonly platform?: Platform | undefined
  /** Number of blobs copied at a time. Default 3. */
  readonly concurrency?: number | undefined
  /** The phase in progress events. Default `download`. */
  readonly action?: 'download' | 'upload'
  /** A repository of the target's registry that may have a blob already. */
  readonly mountFrom?: ((blob: Descriptor) => string | undefined) | undefined
  /** Blobs of the same root that the caller copied before. They are skipped without an event. */
  readonly copied?: ReadonlySet<Digest>
  /** Leaves out a descriptor below the root, with everything below it. */
  readonly prune?: ((descriptor: Descriptor) => boolean) | undefined
  /** The caller has verified every blob, so none is verified again before it is sent. */
  readonly alreadyVerified?: boolean | undefined
  /** Receives which blobs the target receives and has. */
  readonly arrivals?: Arrivals | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Copies `root` and everything it refers to. Every transfer of images calls this. It
 * copies children before their parents, so the target never holds a manifest without
 * its layers. It does not copy content that the target has, and never re-serialises a
 * manifest. Returns the descriptor of the copied document: `root`, or the manifest that
 * `platform` chose.
 *
 * Safe to repeat and to interrupt: a local target keeps what it received.
 */
export async function copy(
  source: ContentSource,
  target: Pick<ContentStore, 'write'>,
  root: Descriptor,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const { platform, signal, concurrency = 3 } = options
  const top = platform === undefined ? root : await selectManifest(source, root, platform, signal)
  const prune = (each: Descriptor): boolean =>
    isElsewhere(each) || (each.digest !== top.digest && options.prune?.(each) === true)
  const { blobs, documents } = await readGraph(source, top, { prune, signal })
  await mapConcurrently(
    blobs.filter(({ digest }) => options.copied?.has(digest) !== true),
    concurrency,
    async (blob, _, stop) => {
      await copyBlob(source, target, blob, { ...options, signal: stop })
      options.arrivals?.end(blob.digest)
    },
    signal,
  )
  for (const { descriptor, raw } of documents) {
    signal?.throwIfAborted()
    await target.write(descriptor, fromBuffer(raw), { signal })
  }
  options.arrivals?.endAll()
  return top
}

/** True for a foreign layer: its publisher allows only downloads from its own URL. */
function isElsewhere({ mediaType, urls }: Descriptor): boolean {
  return /\.(?:foreign|nondistributable)\./.test(mediaType) && (urls?.length ?? 0) > 0
}

async function copyBlob(
  source: ContentSource,
  target: Pick<ContentStore, 'write'>,
  blob: Descriptor,
  options: CopyOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { action = 'download', signal } = options
  // Users see the layers of an image; its configuration is small and not a layer.
  const emit = isConfigType(blob.mediaType) ? silent : (options.emit ?? silent)
  const event = { type: 'transfer', id: blob.digest, total: blob.size } as const
  const readFrom = (start: number): Bytes => {
    // The target verifies the bytes.
    const bytes = source.read(blob, { start, readerVerifies: true, reusesChunks: true, signal })
    return counted(bytes, (total) => emit({ ...event, action, current: start + total }))
  }
  const mountFrom = options.mountFrom?.(blob)
  let outcome: WriteOutcome
  try {
    outcome = await target.write(blob, readFrom(0), {
      readFrom,
      signal,
      alreadyVerified: options.alreadyVerified === true,
      mountFrom,
      arrivals: options.arrivals,
    })
  } catch (error) {
    // Reading the blob makes a local store notice the damage and name the remedy.
    const isOurs = action === 'upload' && error instanceof ContentMismatchError
    if (isOurs) for await (const _ of source.read(blob, { signal }));
    throw error
  }
  const actions = { exists: 'exists', mounted: 'mount', written: action } as const
  emit({ ...event, action: actions[outcome], current: blob.size, done: true })
}
