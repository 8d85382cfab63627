import { expect, test } from 'bun:test'
import { readDocument } from '#content'
import { mediaType, sha256 } from '#oci'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { fromBuffer, toBuffer } from '#stream'
import { resolveBase } from '../base/resolve-base.ts'
import { collectGarbage } from '../collect/collect-garbage.ts'
import type { Engine } from '../engine.ts'
import { findTarget } from '../image/find-target.ts'
import { pull } from '../image/pull.ts'
import { recordIndex } from '../image/record-index.ts'
import { addTestIndex, blobsOf, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { push } from './push.ts'

/** A store, and a registry that it reaches without a network. */
async function openConnected(): Promise<{
  readonly engine: TestEngine
  readonly registry: ReturnType<typeof createMemoryRegistry>
  readonly other: TestEngine
}> {
  const registry = createMemoryRegistry()
  const fetch = createRegistryHandler(registry)
  return {
    engine: await openTestEngine({ fetch }),
    other: await openTestEngine({ fetch }),
    registry,
  }
}

const name = 'localhost:1/app:1'
const silentOptions = { pull: false, emit: () => {}, signal: new AbortController().signal }

test('push() sends an index as it is when its layers are compressed', async () => {
  const { engine, registry, other } = await openConnected()
  await using _one = engine
  await using _two = other
  await addTestIndex(engine, { names: [name] })
  // The first push compresses. A pull then gets all platforms in their compressed form.
  const first = await push(engine, name)
  const repository = registry.repository('app')
  const sent = await repository.resolve('1')
  expect(sent.digest).toBe(first.digest)
  expect(sent.mediaType).toBe(mediaType.ociIndex)
  for (const platform of ['linux/amd64', 'linux/arm64']) {
    const [os = '', architecture = ''] = platform.split('/')
    await resolveBase(other, name, { ...silentOptions, platform: { os, architecture } })
  }
  const raw = await toBuffer(repository.read(sent), sent.size)
  const { parsed } = await readDocument(repository, sent)
  if (parsed.kind !== 'index') throw new TypeError('an index')
  const [amd64, , attestation] = parsed.index.manifests
  expect(attestation?.annotations?.['vnd.docker.reference.digest']).toBe(amd64?.digest ?? '')
  const { parsed: manifest } = await readDocument(repository, amd64 ?? sent)
  if (manifest.kind !== 'manifest') throw new TypeError('a manifest')
  expect(manifest.manifest.layers.map((layer) => layer.mediaType)).toEqual([
    mediaType.ociLayerGzip,
    mediaType.ociLayerGzip,
  ])
  // An attestation that was not pulled makes the index sparse.
  await expect(push(other, name)).rejects.toThrow(
    `its manifest for ${attestation?.digest} is not in the store`,
  )
  await copyAttestation(other, repository, attestation)
  const again = await push(other, 'localhost:1/app:1')
  expect(again.digest).toBe(first.digest)
  expect(sha256(raw)).toBe(first.digest)
})

async function copyAttestation(
  engine: Engine,
  source: Parameters<typeof readDocument>[0],
  attestation: Parameters<typeof readDocument>[1] | undefined,
): Promise<void> {
  if (attestation === undefined) throw new TypeError('an attestation')
  const { parsed, raw } = await readDocument(source, attestation)
  if (parsed.kind !== 'manifest') throw new TypeError('a manifest')
  const { config, layers } = parsed.manifest
  for (const blob of [config, ...layers]) await engine.content.write(blob, source.read(blob))
  await engine.content.write(attestation, fromBuffer(raw))
}

test('push() refuses an index with an absent platform, and sends one platform of it', async () => {
  const { engine, registry, other } = await openConnected()
  await using _one = engine
  await using _two = other
  const { images } = await addTestIndex(engine, { names: [name], absent: ['s390x'] })
  await expect(push(engine, name)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `Cannot push ${name}: its manifest for linux/s390x is not in the store`,
    remedy: 'build or load all its platforms, or push one with --platform linux/amd64',
  })
  await expect(push(engine, name, { platform: 'linux/s390x' })).rejects.toThrow(
    'the store has it for linux/amd64, linux/arm64',
  )
  const { digest } = await push(engine, name, { platform: 'linux/arm64' })
  const sent = await registry.repository('app').resolve('1')
  expect(sent).toMatchObject({ mediaType: mediaType.ociManifest, digest })
  const pulled = await pull(other, name, { platform: 'linux/arm64' })
  expect(pulled.imageId).toBe(images[1]?.imageId ?? sha256(''))
  expect(engine.records.tags.list().map((tag) => tag.name)).toEqual([name])
})

test('resolveBase() keeps the platforms that a name has when it pulls another', async () => {
  const { engine, other } = await openConnected()
  await using _one = engine
  await using _two = other
  const { images } = await addTestIndex(engine, { names: [name] })
  await push(engine, name)
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }))
  for (const platform of [...platforms, ...platforms]) {
    const base = await resolveBase(other, name, { ...silentOptions, platform })
    expect(base.config.architecture).toBe(platform.architecture)
  }
  const found = findTarget(other.records, name)
  expect(found?.isIndex).toBe(true)
  expect(found?.images.map(({ imageId }) => imageId)).toEqual(images.map(({ imageId }) => imageId))
  const blobs = await blobsOf(other)
  await collectGarbage(other)
  expect(await blobsOf(other)).toEqual(blobs)
})

test('resolveBase() names the platforms that the store has when no registry helps', async () => {
  await using engine = await openTestEngine({
    fetch: createRegistryHandler(createMemoryRegistry()),
  })
  const { descriptor, images } = await addTestIndex(engine)
  await recordIndex(engine, { descriptor, images }, { names: [name as never], by: 'test' })
  const platform = { os: 'linux', architecture: 's390x' }
  await expect(resolveBase(engine, name, { ...silentOptions, platform })).rejects.toThrow(
    'the store has it for linux/amd64, linux/arm64, not for linux/s390x',
  )
})
