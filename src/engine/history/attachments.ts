import { readDocument } from '#content'
import { attestationAnnotations } from '#image'
import {
  type Descriptor,
  formatPlatform,
  isDigest,
  isStrakeError,
  normalizePlatform,
  type Platform,
  parseDigest,
  parsePlatform,
  StrakeError,
  subjectAnnotation,
} from '#oci'
import { toBuffer } from '#stream'
import type { Engine } from '../engine.ts'
import { findTarget } from '../image/find-target.ts'
import type { BuildRecord } from './record.ts'

type Store = Pick<Engine, 'content' | 'records'>

/** A statement about the result of a build. */
export interface Attachment {
  readonly descriptor: Descriptor
  readonly predicateType: string
  readonly raw: Uint8Array
}

/** A document of the result of a build: an index, a manifest, a configuration or a statement. */
interface ResultDocument {
  readonly descriptor: Descriptor
  /** Absent for a document that is no statement. */
  readonly predicateType?: string | undefined
  /** The platform of the image that it belongs to. Absent for an index, and where it is not known. */
  readonly platform?: Platform | undefined
}

/** The most bytes of one statement in a bundle. */
const largestAttachment = 32 * 2 ** 20

/** Reads the attestations of the result of a build, as far as the store still has them. */
export async function readAttachments(
  store: Store,
  record: BuildRecord,
): Promise<readonly Attachment[]> {
  const found: Attachment[] = []
  try {
    for (const { descriptor, predicateType } of await resultDocuments(store, record)) {
      if (predicateType === undefined || descriptor.size > largestAttachment) continue
      const raw = await toBuffer(store.content.read(descriptor), descriptor.size)
      found.push({ descriptor, predicateType, raw })
    }
    return found
  } catch (error) {
    // Another process may remove the image now. The record stays.
    if (isStrakeError(error, 'NOT_FOUND')) return []
    throw error
  }
}

/** Which document of a result is wanted. */
export interface WantedDocument {
  readonly digest?: string | undefined
  readonly platform?: string | undefined
  /** A word of buildx, a media type, or a type of a statement. */
  readonly type?: string | undefined
}

const words: Readonly<Record<string, RegExp>> = {
  index: /^application\/vnd\.(?:oci\.image\.index\.v1\+json|docker\..*manifest\.list\.v2\+json)$/,
  manifest: /^application\/vnd\.(?:oci\.image|docker\.distribution)\.manifest\.v[12]\+json$/,
  image: /^application\/vnd\.(?:oci\.image\.config\.v1|docker\.container\.image\.v1)\+json$/,
  provenance: /^https:\/\/slsa\.dev\/provenance\//,
  sbom: /^https:\/\/spdx\.dev\/Document/,
}

/** Reads the first document of a result that is as wanted. Throws `NOT_FOUND`. */
export async function resultDocument(
  store: Store,
  record: BuildRecord,
  { digest, platform, type = '' }: WantedDocument,
): Promise<Uint8Array> {
  const nameOf = (each: Platform): string => formatPlatform(normalizePlatform(each))
  const wanted = platform === undefined ? undefined : nameOf(parsePlatform(platform))
  const isType = (name: string): boolean => words[type]?.test(name) ?? name === type
  const found = (await resultDocuments(store, record)).find(
    (each) =>
      (digest === undefined || each.descriptor.digest === digest) &&
      (wanted === undefined || (each.platform && nameOf(each.platform)) === wanted) &&
      (type === '' || isType(each.predicateType ?? each.descriptor.mediaType)),
  )
  if (found === undefined || found.descriptor.size > largestAttachment) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot find the document: the build ${record.id} has none`,
      {
        remedy: 'see the result with strake buildx history inspect',
      },
    )
  }
  const { descriptor } = found
  return await toBuffer(store.content.read(descriptor), descriptor.size)
}

const { kind, attestation, predicateType } = attestationAnnotations

/** The documents of a result that the store still has, an index before its manifests. */
async function resultDocuments(
  { content, records }: Store,
  { digest }: BuildRecord,
): Promise<readonly ResultDocument[]> {
  if (digest === undefined || !isDigest(digest)) return []
  const target = findTarget(records, parseDigest(digest))
  if (target === undefined) return []
  const found: ResultDocument[] = [{ descriptor: target.descriptor }]
  const { parsed } = await readDocument(content, target.descriptor)
  if (parsed.kind === 'manifest') {
    return [...found, { descriptor: parsed.manifest.config }]
  }
  const platforms = new Map<string, Platform | undefined>(
    parsed.index.manifests.map((child) => [child.digest, child.platform]),
  )
  for (const child of parsed.index.manifests) {
    const isAttestation = child.annotations?.[kind] === attestation
    const about = child.annotations?.[subjectAnnotation] ?? ''
    const platform = isAttestation ? platforms.get(about) : child.platform
    const manifest = await readDocument(content, child)
    if (manifest.parsed.kind !== 'manifest') continue
    const { config, layers } = manifest.parsed.manifest
    if (!isAttestation)
      found.push({ descriptor: child, platform }, { descriptor: config, platform })
    for (const layer of isAttestation ? layers : []) {
      const type = layer.annotations?.[predicateType]
      if (type !== undefined) found.push({ descriptor: layer, predicateType: type, platform })
    }
  }
  return found
}
