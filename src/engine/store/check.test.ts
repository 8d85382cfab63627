import { expect, test } from 'bun:test'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Digest, digestHex } from '#oci'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { create } from '../container/run.ts'
import type { Engine } from '../engine.ts'
import { pull } from '../image/pull.ts'
import { push } from '../push/push.ts'
import { addTestImage, blobsOf, cannotContain, openTestEngine } from '../testing/fixture.ts'
import { checkStore } from './check.ts'
import type { CheckFinding } from './check-finding.ts'

const none: Digest = 'sha256:'

const check = (engine: Engine, repair = false): Promise<CheckFinding[]> =>
  Array.fromAsync(checkStore(engine, { repair }))

function flipBit(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
}

const handle = createRegistryHandler(createMemoryRegistry())
const options = { fetch: (request: Request) => handle(request) }

test('checkStore() finds nothing in an undamaged store', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app'] })
  expect(await check(engine)).toEqual([])
})

test('checkStore() names the image of a blob, and changes nothing without repair', async () => {
  await using engine = await openTestEngine()
  const { layers } = await addTestImage(engine, { names: ['app'] })
  const digest = layers[0]?.descriptor.digest ?? 'sha256:'
  const before = await blobsOf(engine)
  flipBit(engine.content.pathOf(digest))
  const finding = {
    subject: `blob ${digest} of docker.io/library/app:latest`,
    problem: expect.stringContaining('its bytes have the digest sha256:'),
  }
  expect(await check(engine)).toEqual([{ ...finding, state: 'damaged' }])
  expect(await blobsOf(engine)).toEqual(before)
  const [lost] = await check(engine, true)
  const action = 'it was never seen in a registry: pull, load or build the image again'
  expect(lost).toEqual({ ...finding, state: 'lost', action })
  expect(await blobsOf(engine)).not.toContain(digest)
  expect((await check(engine)).map(({ problem }) => problem)).toContain('it is missing')
})

test('checkStore() sets damaged blobs aside that no image refers to', async () => {
  await using engine = await openTestEngine()
  const { layers } = await addTestImage(engine)
  for (const { digest } of engine.records.images.list()) engine.records.images.remove(digest)
  flipBit(engine.content.pathOf(layers[0]?.descriptor.digest ?? none))
  expect((await check(engine, true)).map(({ state }) => state)).toContain('healed')
  expect((await check(engine)).filter(({ state }) => state !== 'leftover')).toEqual([])
})

test('checkStore() fetches blobs again from the registry that had them, documents first', async () => {
  await using from = await openTestEngine(options)
  const { descriptor, manifest } = await addTestImage(from, { names: ['localhost:1/app'] })
  await push(from, 'localhost:1/app')
  await using to = await openTestEngine(options)
  const pulled = await pull(to, 'localhost:1/app')
  expect(pulled.imageId).toBe(manifest.config.digest)
  for await (const { digest } of to.content.list()) flipBit(to.content.pathOf(digest))
  const healed = await check(to, true)
  const blobs = healed.filter(({ subject }) => subject.startsWith('blob '))
  expect(blobs.map(({ state }) => state)).toEqual(['healed', 'healed', 'healed'])
  expect(blobs[0]).toMatchObject({ action: 'fetched again from localhost:1/app' })
  expect((await check(to)).filter(({ state }) => state !== 'leftover')).toEqual([])
  expect(descriptor.size).toBeGreaterThan(0)
})

test.skipIf(process.getuid?.() !== 0)(
  'checkStore() repairs damaged layers and indexes, and a second check finds nothing',
  async () => {
    await using engine = await openTestEngine({ ...options, snapshotter: 'erofs' })
    await using from = await openTestEngine(options)
    await addTestImage(from, { names: ['localhost:1/two'], layers: [{ a: '1' }, { b: '2' }] })
    await push(from, 'localhost:1/two')
    await pull(engine, 'localhost:1/two')
    const [top] = await Array.fromAsync((await engine.snapshots()).list())
    const [image] = engine.records.images.list()
    if (image === undefined || top === undefined) throw new Error('nothing was pulled')
    const { config } = await engine.openImage(image)
    const diffId = config.rootfs.diff_ids[1] ?? 'sha256:'
    const archive = `${engine.root}/layers/${digestHex(diffId)}/layer.tar`
    const kinds = { flip: flipBit, gone: rmSync }
    for (const change of Object.values(kinds)) {
      change(archive)
      const found = (await check(engine)).map(({ subject, state }) => [subject, state])
      expect(found).toContainEqual([`layer ${diffId}`, 'damaged'])
      const healed = (await check(engine, true)).map(({ subject, state }) => [subject, state])
      expect(healed).toContainEqual([`layer ${diffId}`, 'healed'])
      expect((await check(engine)).filter(({ state }) => state !== 'leftover')).toEqual([])
    }
  },
)

test.skipIf(cannotContain !== undefined)(
  'checkStore() finds and repairs the damaged state of a container',
  async () => {
    await using engine = await openTestEngine()
    await addTestImage(engine, { names: ['app'], config: { Cmd: ['x'] } })
    const { id, name } = await create(engine, { image: 'app', network: 'none' })
    const path = `${engine.root}/containers/${id}/state.json`
    expect(await check(engine)).toEqual([])
    writeFileSync(path, '{"status":')
    const finding = { subject: `container ${name}`, problem: 'its state.json is damaged' }
    expect(await check(engine)).toEqual([{ ...finding, state: 'damaged' }])
    const action = 'written again: it is exited'
    expect(await check(engine, true)).toEqual([{ ...finding, state: 'healed', action }])
    expect(await check(engine)).toEqual([])
    expect(JSON.parse(readFileSync(path, 'utf8')).error).toBe('its state.json was damaged')
  },
)
