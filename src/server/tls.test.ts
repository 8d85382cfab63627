import { expect, test } from 'bun:test'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { connect } from 'node:tls'
import { mkdtempDisposable } from '#platform'
import type { ServerKeys } from '#platform/secure/keys'
import { listen } from './listen.ts'
import { canCertify, makeAuthority, makeCertificate } from './testing/certificates.ts'
import { readServerKeys, watchServerKeys } from './tls-files.ts'

if (!canCertify) console.log('skipped: serving over HTTPS: openssl is not installed')

/** An authority, two certificates of one server, and a client's. */
async function openCertificates() {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-tls-')
  const authority = makeAuthority(directory.path)
  const make = (name: string, subject: string, names?: string) =>
    makeCertificate(directory.path, authority, { name, subject, ...(names && { names }) })
  const names = 'DNS:localhost,IP:127.0.0.1'
  return {
    path: directory.path,
    authority,
    first: make('first', '/CN=first', names),
    second: make('second', '/CN=second', names),
    client: make('client', '/CN=alice', 'email:alice@example.com'),
    stranger: makeAuthority(directory.path, 'stranger'),
    ca: await readFile(authority.cert, 'utf8'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

/** Returns the name in the certificate of the server, as a new connection sees it. */
function servedName(port: number, client: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { port, host: '127.0.0.1', rejectUnauthorized: false, ...client },
      () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      },
    )
    socket.once('error', reject)
  })
}

const serveKeys = async (keys: ServerKeys, showsClients = false) => {
  let renew: ((keys: ServerKeys) => void) | undefined
  const seen: (Uint8Array | undefined)[] = []
  const server = await listen(
    [
      {
        path: '/',
        handler: async (request, { certificate, address }) => {
          seen.push(certificate)
          if (request.url.endsWith('/slow')) await Bun.sleep(400)
          return new Response(`${new URL(request.url).protocol} ${address}`)
        },
      },
    ],
    {
      port: 0,
      tls: {
        keys,
        showsClients,
        onServing: (given) => {
          renew = given
        },
      },
    },
  )
  return { server, seen, renew: (next: ServerKeys) => renew?.(next) }
}

test.skipIf(!canCertify)('listen() renews keys without an end of any connection', async () => {
  await using files = await openCertificates()
  const [first, second] = [await readServerKeys(files.first), await readServerKeys(files.second)]
  const { server, renew } = await serveKeys(first)
  await using _ = server
  expect(server.url).toBe(`https://127.0.0.1:${server.port}`)
  const tls = { ca: files.ca }
  const get = (path: string, init: object = {}) =>
    fetch(`https://localhost:${server.port}${path}`, { tls, ...init }).then((r) => r.text())
  expect(await get('/')).toBe('https: 127.0.0.1')
  expect(await servedName(server.port)).toBe('first')
  const slow = get('/slow')
  let isOver = false
  let count = 0
  const clients = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      await get('/', { keepalive: false, headers: { Connection: 'close' } })
      count += 1
    }
  })
  for (const keys of [second, first, second]) {
    await Bun.sleep(150)
    renew(keys)
  }
  await Bun.sleep(150)
  isOver = true
  await Promise.all(clients)
  expect(count).toBeGreaterThan(20)
  expect(await slow).toBe('https: 127.0.0.1')
  expect(await servedName(server.port)).toBe('second')
})

test.skipIf(!canCertify)('listen() serves only clients of its authority', async () => {
  await using files = await openCertificates()
  const own = { cert: await readFile(files.client.cert), key: await readFile(files.client.key) }
  const foreign = {
    cert: await readFile(files.stranger.cert),
    key: await readFile(files.stranger.key),
  }
  const keys = await readServerKeys({ ...files.first, clientCa: files.authority.cert })
  for (const showsClients of [false, true]) {
    const { server, seen, renew } = await serveKeys(keys, showsClients)
    await using _ = server
    const get = (client: object) =>
      fetch(`https://localhost:${server.port}/`, {
        tls: { ca: files.ca, ...client },
        keepalive: false,
      })
    await expect(get({})).rejects.toThrow()
    await expect(get(foreign)).rejects.toThrow()
    expect(seen).toEqual([])
    expect(await (await get(own)).text()).toBe('https: 127.0.0.1')
    expect(seen.map((certificate) => certificate !== undefined)).toEqual([showsClients])
    renew(await readServerKeys({ ...files.second, clientCa: files.authority.cert }))
    expect(await servedName(server.port, own)).toBe('second')
    expect((await get(own)).status).toBe(200)
  }
})

test.skipIf(!canCertify)(
  'listen() shows no certificate of strangers when none is required',
  async () => {
    await using files = await openCertificates()
    const keys = await readServerKeys({
      ...files.first,
      clientCa: files.authority.cert,
      clientAuth: 'optional',
    })
    const { server, seen } = await serveKeys(keys, true)
    await using _ = server
    const clients = [
      {},
      { cert: await readFile(files.stranger.cert), key: await readFile(files.stranger.key) },
      { cert: await readFile(files.client.cert), key: await readFile(files.client.key) },
    ]
    for (const client of clients) {
      const tls = { ca: files.ca, ...client }
      const answer = await fetch(`https://localhost:${server.port}/`, { tls, keepalive: false })
      expect(answer.status).toBe(200)
    }
    expect(seen.map((certificate) => certificate !== undefined)).toEqual([false, false, true])
  },
)

test.skipIf(!canCertify)('listen() passes large bodies both ways behind a front', async () => {
  await using files = await openCertificates()
  const keys = await readServerKeys({ ...files.first, clientCa: files.authority.cert })
  const handler = async (request: Request): Promise<Response> => new Response(await request.bytes())
  await using server = await listen([{ path: '/', handler }], {
    port: 0,
    tls: { keys, showsClients: true },
  })
  const body = crypto.getRandomValues(new Uint8Array(65_536)).toBase64().repeat(100)
  const own = { cert: await readFile(files.client.cert), key: await readFile(files.client.key) }
  const tls = { ca: files.ca, ...own }
  const url = `https://localhost:${server.port}/`
  const answer = await fetch(url, { method: 'POST', body, tls })
  expect(Bun.hash(await answer.text())).toBe(Bun.hash(body))
})

test.skipIf(!canCertify)('readServerKeys() refuses files that do not belong together', async () => {
  await using files = await openCertificates()
  const { cert } = files.first
  await expect(readServerKeys({ cert, key: files.second.key })).rejects.toThrow('not the key of')
  await expect(readServerKeys({ cert: files.first.key, key: cert })).rejects.toThrow(
    'no certificate',
  )
  await expect(readServerKeys({ cert, key: cert })).rejects.toThrow('no private key')
  await expect(readServerKeys({ cert, key: `${cert}.none` })).rejects.toThrow('ENOENT')
})

test.skipIf(!canCertify)('watchServerKeys() takes a change up when all files fit', async () => {
  await using files = await openCertificates()
  const [cert, key] = [`${files.path}/live.pem`, `${files.path}/live.key`]
  await copyFile(files.first.cert, cert)
  await copyFile(files.first.key, key)
  const seen: ServerKeys[] = []
  await using _ = watchServerKeys({ cert, key }, (keys) => seen.push(keys))
  await Bun.sleep(2500)
  await copyFile(files.second.cert, cert)
  await Bun.sleep(2500)
  expect(seen).toEqual([])
  await writeFile(key, await readFile(files.second.key))
  await Bun.sleep(2500)
  expect(seen).toEqual([await readServerKeys(files.second)])
})
