import { type ContentStore, readDocument } from '#content'
import {
  type Descriptor,
  digestHex,
  encodeJson,
  isStrakeError,
  type Manifest,
  parseJson,
  sha256,
  subjectAnnotation,
} from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { largestStatement, statementType } from './types.ts'
import { writeManifest } from './write.ts'

/** An image before and after its layers were compressed. */
export interface Recompressed {
  readonly before: Descriptor
  readonly after: Descriptor
}

/**
 * Writes the attestations of an image again, for the same image with compressed layers: the
 * digests of the manifest and of the layers are replaced. Signed statements stay as they are. Returns the
 * descriptor for the new index.
 */
export async function retargetAttestations(
  store: ContentStore,
  attestation: Descriptor,
  { before, after }: Recompressed,
): Promise<Descriptor> {
  const renamed = {
    ...attestation,
    annotations: { ...attestation.annotations, [subjectAnnotation]: after.digest },
  }
  const manifest = await manifestOf(store, attestation)
  const [old, now] = [await manifestOf(store, before), await manifestOf(store, after)]
  if (manifest === undefined || old === undefined || now === undefined) return renamed
  const replacements = new Map<string, Descriptor>([[digestHex(before.digest), after]])
  for (const [at, { digest }] of old.layers.entries()) {
    const layer = now.layers[at]
    if (layer !== undefined) replacements.set(digestHex(digest), layer)
  }
  const layers: Descriptor[] = []
  for (const layer of manifest.layers) {
    layers.push((await retargetStatement(store, layer, replacements)) ?? layer)
  }
  const isArtifact = manifest.subject !== undefined
  const written = await writeManifest(store, layers, { image: after, isArtifact })
  return { ...renamed, digest: written.digest, size: written.size }
}

async function manifestOf(
  store: ContentStore,
  descriptor: Descriptor,
): Promise<Manifest | undefined> {
  const { parsed } = await readDocument(store, descriptor)
  return parsed.kind === 'manifest' ? parsed.manifest : undefined
}

/** Returns `undefined` for content that cannot be changed. */
async function retargetStatement(
  store: ContentStore,
  layer: Descriptor,
  replacements: ReadonlyMap<string, Descriptor>,
): Promise<Descriptor | undefined> {
  if (layer.mediaType !== statementType || layer.size > largestStatement) return undefined
  const raw = await toBuffer(store.read(layer), layer.size)
  let statement: unknown
  try {
    statement = parseJson(raw, 'an attestation')
  } catch (error) {
    if (isStrakeError(error)) return undefined
    throw error
  }
  const changed = encodeJson(replaceDigests(statement, replacements))
  const { digest, size } = { digest: sha256(changed), size: changed.length }
  const written = { ...layer, digest, size }
  await store.write(written, fromBuffer(changed))
  return written
}

/** Replaces digests in every text, and whole descriptors. */
function replaceDigests(value: unknown, replacements: ReadonlyMap<string, Descriptor>): unknown {
  if (typeof value === 'string') {
    return value.replace(/[0-9a-f]{64,128}/g, (hex) => {
      const found = replacements.get(hex)
      return found === undefined ? hex : digestHex(found.digest)
    })
  }
  if (Array.isArray(value)) return value.map((each) => replaceDigests(each, replacements))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(
    ([name, each]) => [name, replaceDigests(each, replacements)] as const,
  )
  return { ...Object.fromEntries(members), ...descriptorIn(value, replacements) }
}

/** The new type, digest and size when a value is a descriptor of replaced content. */
function descriptorIn(
  value: object,
  replacements: ReadonlyMap<string, Descriptor>,
): Partial<Descriptor> {
  if (!('digest' in value && 'size' in value && 'mediaType' in value)) return {}
  const text = typeof value.digest === 'string' ? value.digest : ''
  const found = replacements.get(text.slice(text.indexOf(':') + 1))
  if (found === undefined) return {}
  return { mediaType: found.mediaType, digest: found.digest, size: found.size }
}
