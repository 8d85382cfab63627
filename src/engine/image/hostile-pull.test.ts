import { describe, expect, test } from 'bun:test'
import { encodeJson, type ImageConfig, mediaType, sha256 } from '#oci'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { cannotContain, openTestEngine } from '../testing/fixture.ts'
import { listImages } from './images.ts'
import { pull } from './pull.ts'

const skipped = cannotContain === undefined ? '' : ` (skipped: ${cannotContain})`
const name = 'localhost:1/app:1'

const layerOf = (text: string) => packTar([{ path: 'file', body: Buffer.from(text) }])

/** A registry with an image whose configuration claims `diffIds` for `layers`. */
async function serving(layers: readonly Uint8Array[], config: Partial<ImageConfig>) {
  const registry = createMemoryRegistry()
  const repository = registry.repository('app')
  const put = async (type: string, bytes: Uint8Array) => {
    const descriptor = { mediaType: type, digest: sha256(bytes), size: bytes.length }
    await repository.write(descriptor, fromBuffer(bytes))
    return descriptor
  }
  const rest = { architecture: 'amd64', os: 'linux' }
  const manifest = await put(
    mediaType.ociManifest,
    encodeJson({
      schemaVersion: 2,
      mediaType: mediaType.ociManifest,
      config: await put(mediaType.ociConfig, encodeJson({ ...rest, ...config })),
      layers: await Promise.all(layers.map((bytes) => put(mediaType.ociLayer, bytes))),
    }),
  )
  await repository.tag('1', manifest)
  return { manifest, handle: createRegistryHandler(registry) }
}

describe.skipIf(cannotContain !== undefined)(`pull() of a lying registry${skipped}`, () => {
  test('pull() refuses layers that differ from the configuration, also in order', async () => {
    const layers = await Promise.all(['one', 'two'].map(layerOf))
    const diffIds = layers.map((bytes) => sha256(bytes))
    const rootfs = (diff_ids: typeof diffIds) => ({ rootfs: { type: 'layers', diff_ids } as const })
    for (const wrong of [
      diffIds.toReversed(),
      [...diffIds.slice(0, 1), sha256('three')],
      diffIds.slice(1).flatMap((each) => [each, each]),
    ]) {
      const { handle } = await serving(layers, rootfs(wrong))
      await using engine = await openTestEngine({ fetch: handle })
      await expect(pull(engine, name)).rejects.toMatchObject({ code: 'DIGEST_INVALID' })
      expect(engine.records.tags.list()).toEqual([])
      expect(await listImages(engine, { all: true })).toEqual([])
    }
    for (const wrong of [diffIds.slice(1), [...diffIds, ...diffIds]]) {
      const { handle } = await serving(layers, rootfs(wrong))
      await using engine = await openTestEngine({ fetch: handle })
      await expect(pull(engine, name)).rejects.toThrow('layers')
      expect(engine.records.tags.list()).toEqual([])
    }
  })

  test('pull() computes the image ID from the configuration and ignores headers', async () => {
    const layers = await Promise.all(['one', 'two'].map(layerOf))
    const diff_ids = layers.map((bytes) => sha256(bytes))
    const { handle, manifest } = await serving(layers, { rootfs: { type: 'layers', diff_ids } })
    const raw = await (await handle(new Request('http://localhost/v2/app/manifests/1'))).bytes()
    const { config } = JSON.parse(Buffer.from(raw).toString())
    const lying = async (request: Request): Promise<Response> => {
      const response = await handle(request)
      if (!request.url.includes('/blobs/')) return response
      const headers = new Headers(response.headers)
      headers.set('Docker-Content-Digest', sha256('another'))
      return new Response(response.body, { status: response.status, headers })
    }
    await using engine = await openTestEngine({ fetch: lying })
    const pulled = await pull(engine, name)
    expect(pulled).toMatchObject({ imageId: config.digest, digest: manifest.digest })
  })
})
