import { expect, test } from 'bun:test'
import { parsePlatform } from '#oci'
import { create } from '../container/run.ts'
import { findTarget } from '../image/find-target.ts'
import { tagImage } from '../image/tag.ts'
import { checkStore } from '../store/check.ts'
import {
  addTestIndex,
  blobsOf,
  cannotContain,
  openTestEngine,
  type TestEngine,
} from '../testing/fixture.ts'
import { removePlatforms } from './remove-platforms.ts'

const amd64 = parsePlatform('linux/amd64')
const arm64 = parsePlatform('linux/arm64')

function platformsOf(engine: TestEngine, name: string): readonly string[] | undefined {
  return findTarget(engine.records, name)?.images.map(({ platform }) => platform.architecture)
}

test('removePlatforms() removes the content of one platform with its attestation, and no other', async () => {
  await using engine = await openTestEngine()
  const { descriptor, images } = await addTestIndex(engine, { names: ['app'] })
  const [own, other] = images
  const { untagged, deleted } = await removePlatforms(engine, 'app', [amd64])
  expect(untagged).toEqual([])
  expect(deleted[0]).toBe(own?.imageId ?? deleted[1] ?? descriptor.digest)
  expect(platformsOf(engine, 'app')).toEqual(['arm64'])
  const left = [
    descriptor.digest,
    other?.descriptor.digest,
    other?.imageId,
    ...(other?.layers ?? []).map((layer) => layer.descriptor.digest),
  ]
  expect(await blobsOf(engine)).toEqual(left.map(String).toSorted())
  expect(await Array.fromAsync(checkStore(engine))).toEqual([])
})

test('removePlatforms() removes the name with the last platform', async () => {
  await using engine = await openTestEngine()
  await addTestIndex(engine, { names: ['app'] })
  await removePlatforms(engine, 'app', [arm64])
  const { untagged } = await removePlatforms(engine, 'app', [amd64])
  expect(untagged).toEqual(['app:latest'])
  expect(await blobsOf(engine)).toEqual([])
})

test('removePlatforms() keeps the content that another index needs', async () => {
  await using engine = await openTestEngine()
  await addTestIndex(engine, { names: ['app'] })
  const { images } = await addTestIndex(engine, {
    names: ['other'],
    architectures: ['arm64', 's390x'],
  })
  expect((await removePlatforms(engine, 'app', [arm64])).deleted).toEqual([])
  expect(platformsOf(engine, 'app')).toEqual(['amd64'])
  expect(platformsOf(engine, 'other')).toEqual(['arm64', 's390x'])
  const blobs = await blobsOf(engine)
  for (const { layers } of images) {
    for (const layer of layers) expect(blobs).toContain(layer.descriptor.digest)
  }
})

test('removePlatforms() refuses an absent platform, and an image with a name of its own', async () => {
  await using engine = await openTestEngine()
  const { images } = await addTestIndex(engine, { names: ['app'] })
  const absent = removePlatforms(engine, 'app', [parsePlatform('linux/s390x')])
  await expect(absent).rejects.toThrow(
    'Cannot remove app for linux/s390x: the store has it for linux/amd64, linux/arm64',
  )
  await tagImage(engine, images[1]?.imageId ?? '', 'arm')
  await expect(removePlatforms(engine, 'app', [arm64])).rejects.toThrow('arm:latest')
  expect(platformsOf(engine, 'app')).toEqual(['amd64', 'arm64'])
})

test.skipIf(cannotContain !== undefined)(
  'removePlatforms() refuses the platform of a container',
  async () => {
    await using engine = await openTestEngine()
    await addTestIndex(engine, { names: ['app'] })
    await create(engine, { image: 'app', command: ['true'], name: 'user' })
    await expect(removePlatforms(engine, 'app', [amd64])).rejects.toThrow('container user uses it')
    expect(platformsOf(engine, 'app')).toEqual(['amd64', 'arm64'])
    await removePlatforms(engine, 'app', [arm64])
    expect(platformsOf(engine, 'app')).toEqual(['amd64'])
  },
)
