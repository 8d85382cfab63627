import { expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import type { ProgressEvent } from '#stream'
import { packTar } from '#tar'
import { imageHistory } from '../image/history.ts'
import { inspect } from '../inspect.ts'
import { blobsOf, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { importImage } from './import.ts'

/** The archive of a root file system with one file. */
async function writeRoot(engine: TestEngine): Promise<string> {
  const file = `${engine.directory}/root.tar`
  await writeFile(file, await packTar([{ path: 'motd', body: new TextEncoder().encode('hi') }]))
  return file
}

test('importImage() makes an image of an archive, with changes', async () => {
  await using engine = await openTestEngine()
  const { imageId } = await importImage(engine, await writeRoot(engine), {
    name: 'base',
    message: 'from a test',
    changes: ['CMD ["sh"]', 'env A=1 B=2', 'LABEL x=y'],
  })
  const config = { Cmd: ['sh'], Env: expect.arrayContaining(['A=1', 'B=2']), Labels: { x: 'y' } }
  expect(await inspect(engine, 'base')).toMatchObject({
    kind: 'image',
    image: { image: { imageId, config: { config } }, names: [{ tag: 'latest' }] },
  })
  const history = await imageHistory(engine, 'base')
  expect(history.at(-1)).toMatchObject({ comment: 'from a test' })
  expect(history.at(-1)?.size).toBeGreaterThan(0)
})

test('importImage() makes the same image of the same archive', async () => {
  await using one = await openTestEngine()
  await using two = await openTestEngine()
  const file = await writeRoot(one)
  const [first, second] = [await importImage(one, file), await importImage(two, file)]
  expect((await blobsOf(one)).some((digest) => digest === first.digest)).toBe(true)
  expect(first.imageId).toBe(second.imageId)
})

test('importImage() refuses instructions that do more than change the configuration', async () => {
  await using engine = await openTestEngine()
  const file = await writeRoot(engine)
  for (const change of ['RUN touch /x', 'COPY a b', 'FROM other', 'FOO x']) {
    await expect(importImage(engine, file, { changes: [change] })).rejects.toThrow(
      `Cannot apply '${change}'`,
    )
  }
  expect(await blobsOf(engine)).toEqual([])
})

test('importImage() reads an archive from a web server, and throws the answer of the server', async () => {
  await using engine = await openTestEngine()
  const tar = await packTar([{ path: 'motd', body: new TextEncoder().encode('hi') }])
  using server = Bun.serve({
    port: 0,
    fetch: ({ url }) => {
      const { pathname } = new URL(url)
      if (pathname === '/moved') return Response.redirect('/root.tar.gz')
      if (pathname !== '/root.tar.gz') return new Response('no such file', { status: 404 })
      return new Response(gzipSync(tar), { headers: { 'Content-Encoding': 'gzip' } })
    },
  })
  const at = `http://localhost:${server.port}`
  const events: ProgressEvent[] = []
  const options = { name: 'base', emit: (event: ProgressEvent) => events.push(event) }
  const { imageId } = await importImage(engine, `${at}/moved`, options)
  expect(events[0]).toEqual({ type: 'status', message: `Downloading from ${at}/moved` })
  expect(imageId).toBe((await importImage(engine, await writeRoot(engine))).imageId)
  await expect(importImage(engine, `${at}/nothing`)).rejects.toThrow(
    `Cannot import ${at}/nothing: the server answered 404`,
  )
  await expect(importImage(engine, 'http://127.0.0.1:1/x')).rejects.toThrow(
    'Cannot import http://127.0.0.1:1/x: the server refuses the connection',
  )
})

test('importImage() names an unknown compression', async () => {
  await using engine = await openTestEngine()
  const file = `${engine.directory}/root.tar.lz4`
  await writeFile(file, Buffer.concat([Buffer.from('04224d18', 'hex'), Buffer.alloc(2000)]))
  await expect(importImage(engine, file)).rejects.toThrow(
    'Cannot decompress lz4 data: only gzip, zstd, xz and bzip2 are supported',
  )
})

test('importImage() names the file in progress events, and an absent file', async () => {
  await using engine = await openTestEngine()
  const events: ProgressEvent[] = []
  await importImage(engine, await writeRoot(engine), { emit: (event) => events.push(event) })
  expect(events).toContainEqual(expect.objectContaining({ id: 'root.tar', action: 'read' }))
  await expect(importImage(engine, '/nowhere.tar')).rejects.toThrow(
    'Cannot read /nowhere.tar: there is no such file',
  )
})
