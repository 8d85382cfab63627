import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { expectCode } from '../testing/expect-code.ts'
import { instantRetries, peer } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const skipped = Bun.which('openssl') === null ? ' (skipped: needs openssl)' : ''
const untrusted = 'its TLS certificate is not trusted'
const credentials = async () => ({ username: 'ann', secret: 'hunter2hunter2' })

/** A server with a self-signed certificate. */
describe.skipIf(skipped !== '')(`a certificate that is not trusted${skipped}`, () => {
  let server: Server
  let host = ''
  const requests: string[] = []

  beforeAll(async () => {
    const directory = mkdtempSync(`${tmpdir()}/strake-tls-`)
    const [key, cert] = [`${directory}/key.pem`, `${directory}/cert.pem`]
    const made = Bun.spawnSync([
      'openssl',
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost,IP:127.0.0.1',
    ])
    expect(made.exitCode).toBe(0)
    server = createServer(
      { key: readFileSync(key), cert: readFileSync(cert) },
      (request, reply) => {
        requests.push(`${request.method} ${request.url}`)
        reply.end('{}')
      },
    )
    rmSync(directory, { recursive: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterAll(() => new Promise((resolve) => server.close(resolve)))

  test('is refused for the token service too, even if the registry may be insecure', async () => {
    const challenge = `Bearer realm="https://${host}/token",service="s"`
    const registry = peer(
      () => new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } }),
    )
    for (const insecure of [false, true]) {
      const options = {
        credentials,
        insecure,
        retry: instantRetries(),
        fetch: (request: Request) =>
          new URL(request.url).protocol === 'https:' ? fetch(request) : registry.fetch(request),
      }
      const resolving = connectRegistry('localhost:5000', options).repository('app').resolve('1')
      expect(await expectCode(resolving, ['UNAVAILABLE', 'UNAUTHORIZED'])).toContain(untrusted)
    }
    expect(registry.requests.length).toBeGreaterThan(0)
    expect(requests).toEqual([])
  })

  test('is refused for the target of a redirect', async () => {
    const registry = peer(
      () => new Response(null, { status: 307, headers: { Location: `https://${host}/blob` } }),
    )
    const repository = connectRegistry('localhost:5000', {
      retry: instantRetries(),
      fetch: (request: Request) =>
        new URL(request.url).protocol === 'https:' ? fetch(request) : registry.fetch(request),
    }).repository('app')
    expect(await expectCode(repository.resolve('1'), ['UNAVAILABLE'])).toContain(untrusted)
    expect(requests).toEqual([])
  })
})
