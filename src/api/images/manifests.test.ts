import { expect, test } from 'bun:test'
import { addTestIndex, openTestEngine } from '#engine/testing/fixture'
import { manifestsOf } from './manifests.ts'

test('manifestsOf() has the data of each kind, also of absent manifests', async () => {
  await using engine = await openTestEngine()
  const { images } = await addTestIndex(engine, { names: ['app:1'], absent: ['s390x'] })
  const manifests = await manifestsOf(engine, 'app:1')
  expect(manifests.map(({ Kind, Available }) => [Kind, Available])).toEqual([
    ['image', true],
    ['image', true],
    ['image', false],
    ['attestation', true],
  ])
  expect(manifests[2]).toMatchObject({
    ImageData: {
      Platform: { os: 'linux', architecture: 's390x' },
      Containers: [],
      Size: { Unpacked: 0 },
    },
    Size: { Content: 0, Total: 0 },
  })
  expect(manifests[3]).toMatchObject({ AttestationData: { For: images[0]?.descriptor.digest } })
})
