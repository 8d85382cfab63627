import { expect, test } from 'bun:test'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { removeImage } from '../collect/remove.ts'
import { pull } from '../image/pull.ts'
import { tagImage } from '../image/tag.ts'
import { push } from '../push/push.ts'
import { addTestImage, blobsOf, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { serveRegistry } from './serve.ts'

/** Pushes an image of `engine` to the registry that serves `engine` itself. */
async function pushToSelf(
  engine: TestEngine,
): Promise<AsyncDisposable & { readonly name: string }> {
  const server = await serveRegistry(engine, { port: 0 })
  const name = `127.0.0.1:${server.port}/app:1`
  await addTestImage(engine, { names: ['app'] })
  await tagImage(engine, 'app', name)
  await push(engine, name)
  return { name, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('serveRegistry() over the store accepts a push without a second copy', async () => {
  await using engine = await openTestEngine()
  await using pushed = await pushToSelf(engine)
  const blobs = await blobsOf(engine)
  // The layer uncompressed and compressed; one config; two manifests.
  expect(blobs).toHaveLength(5)
  await push(engine, pushed.name)
  expect(await blobsOf(engine)).toEqual(blobs)
})

test('serveRegistry() keeps its content when the names of the store are removed', async () => {
  await using engine = await openTestEngine()
  await using pushed = await pushToSelf(engine)
  await removeImage(engine, 'app')
  await removeImage(engine, pushed.name)
  await collectGarbage(engine)
  const { imageId } = await pull(engine, pushed.name)
  expect(engine.records.images.findByPrefix(imageId)).toHaveLength(1)
})

test('serveRegistry() does not show the images of the store', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['secret'] })
  await using server = await serveRegistry(engine, { port: 0 })
  const response = await fetch(`${server.url}/v2/library/secret/manifests/latest`)
  expect(response.status).toBe(404)
})

test('serveRegistry() with its own storage does not change the store', async () => {
  await using engine = await openTestEngine()
  await using server = await serveRegistry(engine, {
    port: 0,
    storage: `${engine.directory}/registry`,
  })
  await addTestImage(engine, { names: [`127.0.0.1:${server.port}/app`] })
  await push(engine, `127.0.0.1:${server.port}/app`)
  await using other = await openTestEngine()
  await pull(other, `127.0.0.1:${server.port}/app`)
  expect(await blobsOf(other)).toHaveLength(3)
})

test('serveRegistry() refuses pushes when it is read-only, and a port in use', async () => {
  await using engine = await openTestEngine()
  await using server = await serveRegistry(engine, { port: 0, readOnly: true })
  const name = `127.0.0.1:${server.port}/app`
  await addTestImage(engine, { names: [name] })
  await expect(push(engine, name)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await expect(serveRegistry(engine, { port: server.port })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
})

test('serveRegistry() refuses a push from a web page', async () => {
  await using engine = await openTestEngine()
  await using pushed = await pushToSelf(engine)
  const url = `http://${pushed.name.replace('/app:1', '/v2/app/manifests/1')}`
  const digest = (await fetch(url)).headers.get('Docker-Content-Digest')
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [],
  })
  for (const headers of [
    { Host: 'evil.example' },
    { Origin: 'https://evil.example' },
    { 'Sec-Fetch-Site': 'cross-site' },
  ]) {
    for (const method of ['PUT', 'DELETE']) {
      expect((await fetch(url, { method, headers, body })).status).toBe(403)
    }
    const uploads = url.replace('manifests/1', 'blobs/uploads/')
    expect((await fetch(uploads, { method: 'POST', headers })).status).toBe(403)
  }
  expect((await fetch(url)).headers.get('Docker-Content-Digest')).toBe(digest)
})

test('serveRegistry() refuses a file in place of a directory', async () => {
  await using engine = await openTestEngine()
  const file = `${engine.directory}/registry.yml`
  await Bun.write(file, '')
  for (const storage of [file, `${file}/data`]) {
    await expect(serveRegistry(engine, { storage, port: 0 })).rejects.toThrow('it is no directory')
  }
})
