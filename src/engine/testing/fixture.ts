import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createImage, type Image } from '#image'
import {
  type Descriptor,
  encodeJson,
  mediaType,
  parseImageName,
  type RunConfig,
  sha256,
} from '#oci'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { recordImage } from '../image/record-image.ts'
import { recordIndex, type StoredIndex } from '../image/record-index.ts'
import { type EngineOptions, openEngine } from '../open.ts'

/** The reason why tests cannot make containers here; `undefined` if they can. */
export const cannotContain: string | undefined = process.getuid?.() === 0 ? undefined : 'needs root'

/** An engine on a store of its own. Leaving the scope removes both. */
export interface TestEngine extends Engine {
  /** The directory around the store. */
  readonly directory: string
}

export async function openTestEngine(
  options: Omit<EngineOptions, 'root' | 'run'> = {},
): Promise<TestEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'strake-engine-'))
  const engine = await openEngine({
    env: {},
    root: join(directory, 'root'),
    run: join(directory, 'run'),
    ...options,
  })
  return {
    ...engine,
    directory,
    async [Symbol.asyncDispose]() {
      await (await engine.snapshots()).cleanStale()
      await engine[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export interface TestImageOptions {
  readonly names?: readonly string[]
  readonly config?: RunConfig
  /** One layer for each: files by path. */
  readonly layers?: readonly Readonly<Record<string, string>>[]
  readonly created?: string
  /** Default amd64. */
  readonly architecture?: string
}

/** Adds an image to the store, as a pull or load does. */
export async function addTestImage(engine: Engine, options: TestImageOptions = {}): Promise<Image> {
  const layers = []
  for (const files of options.layers ?? [{ file: 'content' }]) {
    const tar = await packTar(
      Object.entries(files).map(([path, text]) => ({ path, body: new TextEncoder().encode(text) })),
    )
    const descriptor = { mediaType: mediaType.ociLayer, digest: sha256(tar), size: tar.length }
    await engine.content.write(descriptor, fromBuffer(tar))
    layers.push({ descriptor, diffId: descriptor.digest })
  }
  const { created = '2024-01-02T03:04:05Z', config = {}, architecture = 'amd64' } = options
  const image = await createImage(engine.content, {
    config: { architecture, os: 'linux', created, config },
    layers,
  })
  const names = (options.names ?? []).map((name) => parseImageName(name))
  await recordImage(engine, image, { names, by: 'test' })
  await publishIndex(engine)
  return image
}

export interface TestIndexOptions {
  readonly names?: readonly string[]
  /** Default amd64 and arm64. All have a first layer in common. */
  readonly architectures?: readonly string[]
  /** Platforms for which the index has manifests that are not in the store. */
  readonly absent?: readonly string[]
}

/** Writes an index into the store like a load: its images, and an attestation for the first. */
export async function addTestIndex(
  engine: Engine,
  { names = [], architectures = ['amd64', 'arm64'], absent = [] }: TestIndexOptions = {},
): Promise<StoredIndex & { readonly raw: Uint8Array }> {
  const images = await Array.fromAsync(architectures, (architecture) =>
    addTestImage(engine, { architecture, layers: [{ base: 'shared' }, { [architecture]: 'own' }] }),
  )
  for (const { descriptor } of images) engine.records.images.remove(descriptor.digest)
  const [first] = images
  const index = {
    schemaVersion: 2,
    mediaType: mediaType.ociIndex,
    manifests: [
      ...images.map(({ descriptor, config: { os, architecture } }) => ({
        ...descriptor,
        platform: { architecture, os },
      })),
      ...absent.map((architecture) => ({
        mediaType: mediaType.ociManifest,
        digest: sha256(architecture),
        size: 1,
        platform: { architecture, os: 'linux' },
      })),
      ...(first === undefined ? [] : [await addAttestation(engine, first.descriptor)]),
    ],
  }
  const raw = encodeJson(index)
  const descriptor = await putBytes(engine, mediaType.ociIndex, raw)
  await recordIndex(
    engine,
    { descriptor, images },
    { names: names.map((name) => parseImageName(name)), by: 'test' },
  )
  await publishIndex(engine)
  return { descriptor, images, raw }
}

async function addAttestation(engine: Engine, subject: Descriptor): Promise<Descriptor> {
  const statement = await putBytes(engine, 'application/vnd.in-toto+json', encodeJson({}))
  const config = await putBytes(engine, mediaType.ociConfig, encodeJson({}))
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaType.ociManifest,
    config,
    layers: [statement],
  }
  return {
    ...(await putBytes(engine, mediaType.ociManifest, encodeJson(manifest))),
    platform: { architecture: 'unknown', os: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': subject.digest,
    },
  }
}

async function putBytes(engine: Engine, type: string, bytes: Uint8Array): Promise<Descriptor> {
  const descriptor = { mediaType: type, digest: sha256(bytes), size: bytes.length }
  await engine.content.write(descriptor, fromBuffer(bytes))
  return descriptor
}

/** Digests of all blobs, sorted. */
export async function blobsOf(engine: Engine): Promise<readonly string[]> {
  const blobs = await Array.fromAsync(engine.content.list())
  return blobs.map(({ digest }) => digest).sort()
}
