import { expect, test } from 'bun:test'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mountTmpfs, type Server, unmount } from '#platform'
import { connectRegistry } from '#registry'
import { fromBuffer, toBuffer } from '#stream'
import { blob, emptyConfig, manifest, noise } from '../registry/testing/fixtures.ts'
import { openStoredRegistry, serveRegistry } from './registry.ts'

interface Place extends AsyncDisposable {
  readonly storage: string
  readonly server: Server
  readonly host: string
}

/** Serves a registry from a directory; with `size`, from a memory disk of so many bytes. */
async function openPlace(size?: number): Promise<Place> {
  const storage = await mkdtemp(join(tmpdir(), 'strake-server-'))
  if (size !== undefined) mountTmpfs(storage, { size })
  const server = await serveRegistry(await openStoredRegistry(storage), { port: 0 })
  return {
    storage,
    server,
    host: `127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      if (size !== undefined) unmount(storage, { detach: true })
      await rm(storage, { recursive: true })
    },
  }
}

test('serveRegistry() sends a blob of any size as a file with its length', async () => {
  await using place = await openPlace()
  const repository = connectRegistry(place.host).repository('app')
  for (const size of [0, 1024, 16_384, 16_385, 3_000_000]) {
    const { raw, descriptor } = blob(noise(size))
    await repository.write(descriptor, fromBuffer(raw))
    const url = `${place.server.url}/v2/app/blobs/${descriptor.digest}`
    const response = await fetch(url)
    expect(response.headers.get('Content-Length')).toBe(String(size))
    expect(response.headers.get('Content-Disposition')).toBe('attachment')
    expect(await response.bytes()).toEqual(raw)
    if (size < 1000) continue
    const part = await fetch(url, { headers: { Range: 'bytes=10-999' } })
    expect([part.status, part.headers.get('Content-Length')]).toEqual([206, '990'])
    expect(await part.bytes()).toEqual(raw.slice(10, 1000))
  }
})

test('serveRegistry() sends nothing of a damaged blob, which can then be pushed again', async () => {
  await using place = await openPlace()
  const repository = connectRegistry(place.host).repository('app')
  for (const size of [1000, 200_000]) {
    const { raw, descriptor } = blob(noise(size))
    await repository.write(descriptor, fromBuffer(raw))
    const url = `${place.server.url}/v2/app/blobs/${descriptor.digest}`
    // A small blob that was sent is in memory.
    if (size > 100_000) expect((await fetch(url)).status).toBe(200)
    const file = join(place.storage, 'blobs', ...descriptor.digest.split(':'))
    const damaged = new Uint8Array(await readFile(file))
    damaged[500] = ~(damaged[500] ?? 0)
    await chmod(file, 0o600)
    await writeFile(file, damaged)
    const response = await fetch(url)
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { errors: [{ code: 'BLOB_UNKNOWN' }] },
    ])
    await repository.write(descriptor, fromBuffer(raw))
    expect(await toBuffer(repository.read(descriptor), size)).toEqual(raw)
  }
})

test('serveRegistry() reads a manifest that is too large before it refuses it', async () => {
  await using place = await openPlace()
  const body = ' '.repeat(12 * 1024 * 1024)
  // A client that is cut off while it sends would often not see the response.
  for (let at = 0; at < 5; at++) {
    const response = await sendWhole(place.server.port, body)
    expect(response).toStartWith('HTTP/1.1 413 ')
  }
})

/** Sends all of a manifest before it reads, as many clients do. */
async function sendWhole(port: number, body: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `PUT /v2/app/manifests/big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('close', resolve)
    socket.once('error', reject)
  })
  return answer
}

const canMount = process.getuid?.() === 0
if (!canMount) console.log('skipped: a registry without space: mounting takes root')

test.skipIf(!canMount)('serveRegistry() answers 503 without space, and names no path', async () => {
  await using place = await openPlace(1024 * 1024)
  const { url } = place.server
  const layer = blob(noise(20_000))
  const image = manifest({ layers: [layer.descriptor] })
  const repository = connectRegistry(place.host).repository('app')
  for (const { raw, descriptor } of [emptyConfig, layer]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  // Small files need room for their names alone, so take every block and every inode.
  const fill = async (name: string): Promise<void> => {
    const path = join(place.storage, name)
    await writeFile(path, new Uint8Array(1024 * 1024)).catch(() => {})
    for (let count = 0; count < 10_000; count += 1) {
      const failed = await writeFile(`${path}-${count}`, 'x').then(
        () => false,
        () => true,
      )
      if (failed) return
    }
  }
  await fill('filler')
  const large = blob(noise(30_000, 3))
  const upload = `${url}/v2/app/blobs/uploads/?digest=${large.descriptor.digest}`
  const headers = { 'Content-Type': image.descriptor.mediaType }
  const put = (tag: string) =>
    fetch(`${url}/v2/app/manifests/${tag}`, { method: 'PUT', headers, body: image.raw })
  const responses = [
    await fetch(upload, { method: 'POST', body: large.raw }),
    await put('1'),
    await put('2'),
  ]
  for (const response of responses) {
    const text = await response.text()
    expect([response.status, text.includes(place.storage)]).toEqual([503, false])
    expect(response.headers.get('Retry-After')).toBe('10')
    expect(JSON.parse(text)).toEqual({
      errors: [
        {
          code: 'UNAVAILABLE',
          message: 'Cannot store this: the registry has no space left',
        },
      ],
    })
  }
  for (const name of await readdir(place.storage)) {
    if (name.startsWith('filler')) await rm(join(place.storage, name))
  }
  expect((await put('1')).status).toBe(201)
  expect((await fetch(upload, { method: 'POST', body: large.raw })).status).toBe(201)
})
