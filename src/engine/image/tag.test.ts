import { expect, test } from 'bun:test'
import { readFile, writeFile } from 'node:fs/promises'
import { parseReference } from '#oci'
import { packTar } from '#tar'
import { load } from '../archive/load.ts'
import { build } from '../build/build.ts'
import { importImage } from '../build/import.ts'
import { removeImage } from '../collect/remove.ts'
import { addTestImage, openTestEngine } from '../testing/fixture.ts'
import { getImage } from './find-image.ts'
import { rollbackTag, tagImage, tagLog } from './tag.ts'

test('tagImage() moves a name, and the log records that', async () => {
  await using engine = await openTestEngine()
  const one = await addTestImage(engine, { names: ['one'] })
  const two = await addTestImage(engine, { names: ['two'], layers: [{ b: '2' }] })
  expect(await tagImage(engine, 'one', 'app:1')).toBe('docker.io/library/app:1')
  await tagImage(engine, two.imageId, 'app:1')
  const log = await tagLog(engine, 'app:1')
  expect(log.map(({ digest, imageId, action }) => [digest, imageId, action])).toEqual([
    [two.descriptor.digest, two.imageId, 'tag'],
    [one.descriptor.digest, one.imageId, 'tag'],
  ])
})

test('tagImage() to the same image records no move', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['one'] })
  await tagImage(engine, 'one', 'app')
  await tagImage(engine, 'one', 'app')
  expect(await tagLog(engine, 'app')).toHaveLength(1)
})

test('tagImage() refuses digests, bad names and absent images', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['one'] })
  const digest = `app@sha256:${'a'.repeat(64)}`
  await expect(tagImage(engine, 'one', digest)).rejects.toThrow('a digest cannot be chosen')
  await expect(tagImage(engine, 'one', 'BAD')).rejects.toThrow('BAD')
  await expect(tagImage(engine, 'absent', 'x')).rejects.toThrow('No such image')
})

test('tagImage() publishes the name in the index of the layout', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['one'] })
  await tagImage(engine, 'one', 'host.example/app:2')
  const index = JSON.parse(await readFile(`${engine.root}/index.json`, 'utf8'))
  expect(JSON.stringify(index)).toContain('"host.example/app:2"')
})

test('rollbackTag() moves a name back, and a second call moves it forward again', async () => {
  await using engine = await openTestEngine()
  const one = await addTestImage(engine, { names: ['app'] })
  const two = await addTestImage(engine, { names: ['app'], layers: [{ b: '2' }] })
  expect((await rollbackTag(engine, 'app')).digest).toBe(one.descriptor.digest)
  expect(engine.records.tags.get(nameOf('app'))?.target.digest).toBe(one.descriptor.digest)
  expect((await rollbackTag(engine, 'app')).digest).toBe(two.descriptor.digest)
})

test('rollbackTag() refuses a name without an earlier image, and a removed image', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app', 'keep'] })
  await expect(rollbackTag(engine, 'app')).rejects.toThrow('it has no earlier image')
  await addTestImage(engine, { names: ['app'], layers: [{ b: '2' }] })
  await removeImage(engine, 'keep')
  await removeImage(engine, 'app')
  await expect(tagLog(engine, 'never')).rejects.toThrow('no image ever had this name')
})

const nameOf = (text: string): string => {
  const { registry, repository, tag = 'latest' } = parseReference(text)
  return `${registry}/${repository}:${tag}`
}

test('no verb names an image like an ID or with a digest', async () => {
  await using engine = await openTestEngine()
  const good = await addTestImage(engine, { names: ['good'] })
  const { descriptor } = await addTestImage(engine, { names: ['evil'], layers: [{ b: '2' }] })
  const file = `${engine.directory}/images.tar`
  for (const name of [good.imageId, 'sha256:1', 'app@sha256:'.padEnd(75, '1')]) {
    await expect(tagImage(engine, 'evil', name)).rejects.toThrow('Cannot name an image')
    await expect(importImage(engine, file, { name })).rejects.toThrow('Cannot name an image')
    const request = { context: engine.directory, names: [name] }
    await expect(build(engine, request)).rejects.toThrow('Cannot name an image')
    await writeFile(file, await archiveNamed(name))
    await expect(load(engine, { file })).rejects.toThrow('Cannot name an image')
  }
  const names = engine.records.tags.list().map(({ name }) => name)
  expect(names).toEqual(['docker.io/library/evil:latest', 'docker.io/library/good:latest'])
  // An older version could set such a name.
  engine.records.tags.set(`docker.io/library/${good.imageId}`, descriptor, 'test')
  expect(getImage(engine.records, good.imageId).image.imageId).toBe(good.imageId)
  await removeImage(engine, 'good')
  expect(() => getImage(engine.records, good.imageId)).toThrow('No such image')
})

async function archiveNamed(name: string): Promise<Uint8Array> {
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [] },
    }),
  )
  const manifest = Buffer.from(JSON.stringify([{ Config: 'c', Layers: [], RepoTags: [name] }]))
  return await packTar([
    { path: 'c', body: config },
    { path: 'manifest.json', body: manifest },
  ])
}
