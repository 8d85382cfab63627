import { expect, test } from 'bun:test'
import { tagImage } from '../image/tag.ts'
import { addTestImage, addTestIndex, openTestEngine } from '../testing/fixture.ts'
import { imageTree } from './image-tree.ts'

test('imageTree() lists each image once, with its names and platforms, absent ones too', async () => {
  await using engine = await openTestEngine()
  const { images, descriptor } = await addTestIndex(engine, { names: ['app:1'], absent: ['s390x'] })
  await tagImage(engine, 'app:1', 'app:2')
  const single = await addTestImage(engine, { created: '2020-01-01T00:00:00Z' })
  const tree = await imageTree(engine, { all: true })
  expect(tree.map(({ id }): string => id)).toEqual([descriptor.digest, single.imageId])
  const [index, other] = tree
  expect(index?.names).toEqual(['app:1', 'app:2'])
  expect(index?.platforms.map(({ platform, isPresent }) => [platform, isPresent])).toEqual([
    ['linux/amd64', true],
    ['linux/arm64', true],
    ['linux/s390x', false],
  ])
  expect(index?.platforms[0]?.id).toBe(images[0]?.descriptor.digest ?? '')
  expect(other).toMatchObject({
    names: [],
    platforms: [{ platform: 'linux/amd64' }],
    isUsed: false,
  })
  const { manifest, size } = single
  expect(other?.contentSize).toBe(single.descriptor.size + manifest.config.size + size)
  const parts = index?.platforms.map(({ contentSize }) => contentSize) ?? []
  expect(index?.contentSize).toBe(parts.reduce((sum, part) => sum + part, 0))
  // The platforms share their first layer.
  const disk = index?.platforms.reduce((sum, { diskUsage }) => sum + diskUsage, 0) ?? 0
  expect(index?.diskUsage).toBeGreaterThan(0)
  expect(index?.diskUsage).toBeLessThan(disk)
})
