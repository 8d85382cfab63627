import { expect, test } from 'bun:test'
import type { ContentSource } from '#content'
import { chainIds } from '#oci'
import { silent } from '#stream'
import { addTestImage, cannotContain, openTestEngine } from './fixture.ts'
import { receive } from './receive.ts'

const rooted = cannotContain === undefined ? test : test.skip

const layers = [{ one: '1' }, { two: '2' }]

rooted('receive() makes the file system of a layer while others are on their way', async () => {
  await using from = await openTestEngine()
  await using to = await openTestEngine()
  const image = await addTestImage(from, { layers })
  const [bottom, top] = image.layers
  if (bottom === undefined || top === undefined) throw new TypeError('two layers')
  const snapshots = await to.snapshots()
  const [bottomChain, topChain] = chainIds([bottom.diffId, top.diffId])
  if (bottomChain === undefined || topChain === undefined) throw new TypeError('two chain IDs')
  const source: ContentSource = {
    has: (target) => from.content.has(target),
    async *read(target, options) {
      if (target.digest === top.descriptor.digest) {
        while (!(await snapshots.has(bottomChain))) await new Promise((done) => setTimeout(done, 5))
        // What refers to it is not there before all of it is.
        expect(await to.content.has(image.descriptor)).toBe(false)
      }
      yield* from.content.read(target, options)
    },
  }
  await receive(to, source, image, { emit: silent })
  expect(await snapshots.has(topChain)).toBe(true)
  expect(await to.content.has(image.descriptor)).toBe(true)
})

test('receive() ends with the first failure, and nothing waits for ever', async () => {
  await using from = await openTestEngine()
  await using to = await openTestEngine()
  const image = await addTestImage(from, { layers })
  const source: ContentSource = {
    has: (target) => from.content.has(target),
    async *read(target, options) {
      if (target.digest === image.layers[0]?.descriptor.digest) throw new Error('unplugged')
      yield* from.content.read(target, options)
    },
  }
  const outcome = await receive(to, source, image, { emit: silent }).catch(String)
  expect(outcome).toContain('unplugged')
  expect(await to.content.has(image.descriptor)).toBe(false)
})
