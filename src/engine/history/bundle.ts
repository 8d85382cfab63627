import {
  type Descriptor,
  type Digest,
  encodeJson,
  mediaType,
  parseIndex,
  parseJson,
  parseManifest,
  StrakeError,
  sha256,
} from '#oci'
import { type Bytes, decompress, toBuffer } from '#stream'
import { cleanPath, packTar, readTar, type TarInput } from '#tar'

/** A build in a bundle: buildx's JSON of the record, and files about the build. */
export interface BundledBuild {
  readonly id: string
  readonly record: object
  readonly files: readonly BundledFile[]
}

export interface BundledFile {
  readonly mediaType: string
  readonly raw: Uint8Array
  readonly annotations?: Readonly<Record<string, string>> | undefined
}

/** The media type of a record of BuildKit's history. */
const recordType = 'application/vnd.buildkit.historyrecord.v0'
const reference = 'vnd.buildkit.history.reference'

/** The most bytes of a bundle that is read: 50 records with logs of 4 MiB. */
const largestBundle = 256 * 2 ** 20

/**
 * Writes buildx's `.dockerbuild`: a compressed OCI image layout, with a manifest for each build, or
 * an index for several. The configuration of a manifest is the record of the build.
 */
export async function writeBundle(builds: readonly BundledBuild[]): Promise<Uint8Array> {
  const blobs = new Map<Digest, Uint8Array>()
  const add = (type: string, raw: Uint8Array): Descriptor => {
    const digest = sha256(raw)
    blobs.set(digest, raw)
    return { mediaType: type, digest, size: raw.length }
  }
  const manifests = builds.map(({ id, record, files }) => {
    const layers = files.map(({ mediaType: type, raw, annotations }) => ({
      ...add(type, raw),
      ...(annotations !== undefined && { annotations }),
    }))
    const config = add(recordType, encodeJson(record))
    const type = mediaType.ociManifest
    const manifest = { schemaVersion: 2, mediaType: type, config, layers }
    return { ...add(type, encodeJson(manifest)), annotations: { [reference]: id } }
  })
  const index = { schemaVersion: 2, mediaType: mediaType.ociIndex }
  const [only, ...others] = manifests
  const root =
    only !== undefined && others.length === 0
      ? { mediaType: only.mediaType, digest: only.digest, size: only.size }
      : add(mediaType.ociIndex, encodeJson({ ...index, manifests }))
  const file = (path: string, content: Uint8Array): TarInput => ({ path, body: content })
  const members = [
    file('oci-layout', encodeJson({ imageLayoutVersion: '1.0.0' })),
    file('index.json', encodeJson({ ...index, manifests: [root] })),
    ...[...blobs].sort().map(([digest, raw]) => file(`blobs/${digest.replace(':', '/')}`, raw)),
  ]
  const { gzipSync } = process.getBuiltinModule('node:zlib')
  return gzipSync(await packTar(members))
}

/** Reads the builds of a bundle. Throws `INVALID` for another archive. */
export async function readBundle(bytes: Bytes): Promise<readonly BundledBuild[]> {
  const files = await readFiles(bytes)
  const blob = ({ digest }: Descriptor): Uint8Array => {
    const raw = files.get(`blobs/${digest.replace(':', '/')}`)
    if (raw === undefined) throw refuse(`${digest} is missing`)
    if (sha256(raw) !== digest) throw refuse(`${digest} is damaged`)
    return raw
  }
  const index = files.get('index.json')
  if (index === undefined) throw refuse('it has no index.json')
  const found = parseIndex(index).manifests.flatMap((each) =>
    each.mediaType === mediaType.ociIndex ? parseIndex(blob(each)).manifests : [each],
  )
  return found.flatMap((each) => {
    const { config, layers } = parseManifest(blob(each))
    if (config.mediaType !== recordType) return []
    const record = parseJson(blob(config), 'the record of a build')
    if (typeof record !== 'object' || record === null) throw refuse('a record is no object')
    const kept = layers.map((layer) => ({ mediaType: layer.mediaType, raw: blob(layer) }))
    return [{ id: each.annotations?.[reference] ?? '', record, files: kept }]
  })
}

/** The files of the archive, in memory. */
async function readFiles(bytes: Bytes): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  let left = largestBundle
  for await (const entry of readTar(decompress(bytes), { entries: 10_000 })) {
    if (entry.type !== 'file') continue
    left -= entry.size
    if (left < 0) throw refuse(`it has more than ${largestBundle} bytes`)
    const path = cleanPath(entry.path)
    if (path !== undefined) files.set(path, await toBuffer(entry.body, entry.size))
  }
  return files
}

function refuse(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read the bundle of builds: ${reason}`, {
    remedy: 'make it with buildx history export',
  })
}
