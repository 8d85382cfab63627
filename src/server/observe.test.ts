import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRegistry } from '#registry'
import { parseConfig } from '#registry/config/parse-config'
import { fromBuffer } from '#stream'
import { blob, emptyConfig, manifest, noise } from '../registry/testing/fixtures.ts'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'

const layer = blob(noise(10_000))
const image = manifest({ layers: [layer.descriptor] })

const hash = Bun.password.hashSync('secret', { algorithm: 'bcrypt', cost: 4 })
const users = `admin:${hash}\nbob:${hash}\n`

async function serve(yaml: string, htpasswd?: string) {
  const root = await mkdtemp(join(tmpdir(), 'strake-observe-'))
  if (htpasswd !== undefined) await Bun.write(join(root, 'htpasswd'), htpasswd)
  const served = await openStoredRegistry(join(root, 'data'))
  const config = await parseConfig(yaml, join(root, 'registry.yml'))
  const server = await serveConfigured(served, {
    config: { ...config, listen: { port: 0 } },
    files: {
      htpasswd: join(root, 'htpasswd'),
      tokens: join(root, 'tokens'),
      key: join(root, 'key'),
    },
    writeLine: () => {},
  })
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
      await rm(root, { recursive: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('metrics count what clients do, at a port of their own', async () => {
  const port = await freePort()
  await using server = await serve(`metrics:\n  port: ${port}\n  path: /numbers\n`)
  const repository = connectRegistry(new URL(server.url).host).repository('team/app')
  for (const { descriptor, raw } of [emptyConfig, layer, image]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  await repository.tag('latest', image.descriptor)
  expect((await fetch(`${server.url}/v2/team/app/manifests/latest`)).status).toBe(200)
  await fetch(`${server.url}/v2/team/app/blobs/uploads/`, { method: 'POST' })
  const text = await (await fetch(`http://127.0.0.1:${port}/numbers`)).text()
  for (const line of [
    'strake_http_requests_total{method="GET",kind="manifest",status="200"} 1',
    'strake_http_request_duration_seconds_count{method="GET",kind="manifest"} 1',
    `strake_http_sent_bytes_total{kind="manifest"} ${image.raw.byteLength}`,
    `strake_registry_received_bytes_total ${layer.raw.byteLength + emptyConfig.raw.byteLength}`,
    'strake_registry_pulls_total{repository="team/app"} 1',
    'strake_registry_events_total{action="push",kind="blob"} 2',
    'strake_registry_uploads 1',
    'strake_registry_repositories 1',
    'strake_registry_tags 1',
  ]) {
    expect(text).toContain(`\n${line}\n`)
  }
  expect(text).toMatch(/\nprocess_resident_memory_bytes \d{7,}\n/)
  expect((await fetch(`${server.url}/numbers`)).status).toBe(404)
})

test('metrics count logins and refusals, and the port of the registry has none', async () => {
  const port = await freePort()
  await using server = await serve(`metrics:\n  port: ${port}\n`, users)
  const as = (password: string) => ({
    headers: { Authorization: `Basic ${btoa(`bob:${password}`)}` },
  })
  const login = `${server.url}/v2/_token?service=strake`
  expect((await fetch(login, as('secret'))).status).toBe(200)
  expect((await fetch(`${server.url}/v2/`, as('wrong'))).status).toBe(401)
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  expect(text).toContain('strake_registry_events_total{action="login",kind=""} 1\n')
  expect(text).toContain('strake_registry_events_total{action="refused",kind=""} 1\n')
  expect((await fetch(`${server.url}/metrics`, as('secret'))).status).toBe(404)
})

test('health needs neither a configuration nor credentials', async () => {
  await using server = await serve('{}', users)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  expect(await (await fetch(`${server.url}/readyz`)).text()).toBe('ready\n')
  expect((await fetch(`${server.url}/metrics`)).status).not.toBe(200)
})
