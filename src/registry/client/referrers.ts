import {
  type Descriptor,
  type Digest,
  encodeJson,
  type Index,
  isStrakeError,
  limits,
  mediaType,
  parseIndex,
  parseManifestOrIndex,
} from '#oci'
import { toBuffer } from '#stream'
import { pullScope } from '../auth/scope.ts'
import type { ReferrersOptions } from '../registry.ts'
import { describeReferrer, referrersTag } from '../store/referrer.ts'
import type { Connection } from './connection.ts'
import type { Manifests } from './manifests.ts'
import { pages } from './pages.ts'

/**
 * Yields the manifests attached to `subject`, from the referrers API or, when the registry
 * answers 404 because it has no such API, from the referrers tag.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export async function* listReferrers(
  connection: Connection,
  manifests: Manifests,
  query: { readonly repository: string; readonly subject: Digest },
  options: ReferrersOptions = {},
): AsyncGenerator<Descriptor> {
  const { repository, subject } = query
  const { artifactType, after = '' } = options
  const filter = artifactType === undefined ? {} : { artifactType }
  const request = {
    method: 'GET',
    to: { kind: 'referrers', repository, digest: subject, ...filter, page: {} },
    scopes: [pullScope(repository)],
    what: `list the referrers of ${manifests.name(subject)}`,
    headers: { Accept: mediaType.ociIndex },
    signal: options.signal,
  } as const
  try {
    for await (const { raw } of pages(connection, request)) {
      yield* matching(parseIndex(raw, mediaType.ociIndex), { artifactType, after })
    }
  } catch (error) {
    if (!isStrakeError(error, 'NOT_FOUND', 'NAME_UNKNOWN', 'MANIFEST_UNKNOWN', 'UNSUPPORTED')) {
      throw error
    }
    const index = await readFallback(manifests, subject, options.signal)
    if (index !== undefined) yield* matching(index, { artifactType, after })
  }
}

/**
 * Adds a manifest with a `subject` to the referrers tag, for a registry whose answer did
 * not confirm the subject.
 */
export async function addToFallback(
  manifests: Manifests,
  pushed: Descriptor,
  raw: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const parsed = parseManifestOrIndex(raw, pushed.mediaType)
  const document = parsed.kind === 'manifest' ? parsed.manifest : parsed.index
  if (document.subject === undefined) return
  const subject = document.subject.digest
  const entry = describeReferrer(pushed, raw)
  const old = await readFallback(manifests, subject, signal)
  if (old?.manifests.some(({ digest }) => digest === entry.digest) === true) return
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaType.ociIndex,
    manifests: [...(old?.manifests ?? []), entry],
  }
  const body = new Uint8Array(encodeJson(index))
  await manifests.put(referrersTag(subject), mediaType.ociIndex, body, signal)
}

async function readFallback(
  manifests: Manifests,
  subject: Digest,
  signal?: AbortSignal,
): Promise<Index | undefined> {
  try {
    const target = await manifests.resolve(referrersTag(subject), signal)
    const raw = await toBuffer(manifests.read(target, signal), limits.manifestSize)
    return parseIndex(raw, target.mediaType)
  } catch (error) {
    if (isStrakeError(error, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'NOT_FOUND')) return undefined
    throw error
  }
}

function* matching(
  index: Index,
  { artifactType, after }: { readonly artifactType: string | undefined; readonly after: string },
): Generator<Descriptor> {
  for (const entry of index.manifests) {
    const isOfType = artifactType === undefined || entry.artifactType === artifactType
    if (isOfType && entry.digest > after) yield entry
  }
}
