import { expect, test } from 'bun:test'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { removeImage } from '../collect/remove.ts'
import { findTarget } from '../image/find-target.ts'
import { listImages } from '../image/images.ts'
import { pull } from '../image/pull.ts'
import { push } from '../push/push.ts'
import { namesToPush } from '../push/tags-to-push.ts'
import { addTestImage, addTestIndex, blobsOf, openTestEngine } from '../testing/fixture.ts'
import { pullTags } from './pull-tags.ts'

const repository = 'localhost:1/app'

test('pullTags() fetches every tag that namesToPush() found and push() sent', async () => {
  const fetch = createRegistryHandler(createMemoryRegistry())
  await using from = await openTestEngine({ fetch })
  await using to = await openTestEngine({ fetch })
  await addTestImage(from, { names: [`${repository}:2`, `${repository}:1`, 'localhost:1/other'] })
  const names = namesToPush(from, repository)
  expect(names).toEqual([`${repository}:1`, `${repository}:2`])
  for (const name of names) await push(from, name)
  const pulled = await Array.fromAsync(pullTags(to, repository))
  expect(pulled.map(({ familiarName }) => familiarName)).toEqual([...names])
  expect((await listImages(to)).map(({ tag }) => tag).toSorted()).toEqual(['1', '2'])
})

test('pullTags() and namesToPush() refuse a repository without tags', async () => {
  await using engine = await openTestEngine({
    fetch: createRegistryHandler(createMemoryRegistry()),
  })
  expect(() => namesToPush(engine, repository)).toThrow('the store has no image of this name')
  await expect(Array.fromAsync(pullTags(engine, repository))).rejects.toThrow(repository)
  const tagged = `${repository}:1`
  expect(() => namesToPush(engine, tagged)).toThrow('it has a tag or digest itself')
  await expect(Array.fromAsync(pullTags(engine, tagged))).rejects.toThrow('it has a tag')
})

test('pull() fetches a whole index with its attestations, which push() can send again', async () => {
  const fetch = createRegistryHandler(createMemoryRegistry())
  await using from = await openTestEngine({ fetch })
  await using to = await openTestEngine({ fetch })
  await addTestIndex(from, { names: [repository], architectures: ['amd64', 'arm64', 's390x'] })
  const sent = await push(from, repository)
  const pulled = await pull(to, repository, { platforms: 'all' })
  expect(pulled.digest).toBe(sent.digest)
  const found = findTarget(to.records, repository)
  expect(found?.descriptor.digest).toBe(sent.digest)
  expect(found?.images.map(({ platform }) => platform.architecture)).toEqual([
    'amd64',
    'arm64',
    's390x',
  ])
  expect((await push(to, repository)).digest).toBe(sent.digest)
  expect((await pull(to, repository, { platforms: 'all' })).upToDate).toBe(true)
  await removeImage(to, repository)
  expect(await blobsOf(to)).toEqual([])
})

test('pull() fetches the chosen platforms of an index, and keeps those that it had', async () => {
  const fetch = createRegistryHandler(createMemoryRegistry())
  await using from = await openTestEngine({ fetch })
  await using to = await openTestEngine({ fetch })
  await addTestIndex(from, { names: [repository], architectures: ['amd64', 'arm64', 's390x'] })
  await push(from, repository)
  const platforms = () =>
    findTarget(to.records, repository)?.images.map(({ platform }) => platform.architecture)
  await pull(to, repository, { platforms: ['linux/arm64', 'linux/amd64'] })
  expect(platforms()).toEqual(['amd64', 'arm64'])
  await pull(to, repository, { platforms: ['linux/s390x', 'linux/amd64'] })
  expect(platforms()).toEqual(['amd64', 'arm64', 's390x'])
  const absent = pull(to, repository, { platforms: ['linux/amd64', 'linux/riscv64'] })
  await expect(absent).rejects.toThrow('linux/riscv64')
  expect(platforms()).toEqual(['amd64', 'arm64', 's390x'])
})

test('pull() of all platforms takes an image that has only one', async () => {
  const fetch = createRegistryHandler(createMemoryRegistry())
  await using from = await openTestEngine({ fetch })
  await using to = await openTestEngine({ fetch })
  const { imageId } = await addTestImage(from, { names: [repository], architecture: 's390x' })
  await push(from, repository)
  expect((await pull(to, repository, { platforms: 'all' })).imageId).toBe(imageId)
  expect(findTarget(to.records, repository)?.isIndex).toBe(false)
})
