import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createImage, type Image } from '#image'
import { mediaType, parseImageName, type RunConfig, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { recordImage } from '../image/record-image.ts'
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
    ...{ env: {}, root: join(directory, 'root'), run: join(directory, 'run') },
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
  const { created = '2024-01-02T03:04:05Z', config = {} } = options
  const image = await createImage(engine.content, {
    config: { architecture: 'amd64', os: 'linux', created, config },
    layers,
  })
  const names = (options.names ?? []).map((name) => parseImageName(name))
  await recordImage(engine, image, { names, by: 'test' })
  await publishIndex(engine)
  return image
}

/** Digests of all blobs, sorted. */
export async function blobsOf(engine: Engine): Promise<readonly string[]> {
  const blobs = await Array.fromAsync(engine.content.list())
  return blobs.map(({ digest }) => digest).sort()
}
