import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '#registry/config/parse-config'
import { fromBuffer } from '#stream'
import { emptyConfig, manifest } from '../registry/testing/fixtures.ts'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'

const image = manifest({ annotations: { name: 'cached' } })
const text = `proxy: { maxSize: 1GB, upstreams: [{ name: docker.io }] }\n`

test('administrators see what caches hold, and remove what is not in use', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-cache-admin-'))
  try {
    await using served = await openStoredRegistry(join(root, 'data'))
    const app = served.registry.repository('docker.io/library/app')
    for (const { descriptor, raw } of [emptyConfig, image]) {
      await app.write(descriptor, fromBuffer(raw))
    }
    await app.tag('v1', image.descriptor)
    const config = await parseConfig(text, join(root, 'registry.yml'))
    const files = { htpasswd: `${root}/users`, tokens: `${root}/tokens`, key: `${root}/key` }
    await using server = await serveConfigured(served, {
      config: { ...config, listen: { port: 0 } },
      files,
      writeLine: () => {},
    })
    const api = `${server.url}/api/v1/admin/cache`
    const listed = (await (await fetch(api)).json()) as { bytes: number }
    expect(listed).toMatchObject({
      bytes: image.raw.length + emptyConfig.raw.length,
      maxSize: 1_000_000_000,
      manifests: 1,
      first: [
        {
          repository: 'docker.io/library/app',
          digest: image.descriptor.digest,
          tags: ['v1'],
          usedAt: expect.any(Number),
        },
      ],
    })
    const post = async (value: unknown) => {
      const headers = { 'Content-Type': 'application/json' }
      const response = await fetch(api, { method: 'POST', headers, body: JSON.stringify(value) })
      return [response.status, await response.json()]
    }
    // It was fetched a moment ago.
    expect(await post({ keep: 0 })).toEqual([200, { manifests: 0, blobs: 0, bytes: 0 }])
    for (const wrong of [{}, { keep: -1 }, { keep: 1, days: 1 }, { days: 'x' }]) {
      expect((await post(wrong))[0]).toBe(400)
    }
    const page = await (await fetch(`${server.url}/admin/cache`)).text()
    expect(page).toContain('docker.io/library/app</a>')
    expect(page).toContain('with blobs, at most 1.0 GB')
    expect(await (await fetch(`${server.url}/admin`)).text()).toContain('href="/admin/cache"')
    const form = { method: 'POST', body: new URLSearchParams({ days: '1' }) }
    expect((await fetch(`${server.url}/admin/cache`, form)).status).toBe(403)
  } finally {
    await rm(root, { recursive: true })
  }
})
