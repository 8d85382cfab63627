import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRegistry } from '#registry'
import { parseConfig } from '#registry/config/parse-config'
import { fromBuffer } from '#stream'
import { blob, emptyConfig, manifest, noise } from '../registry/testing/fixtures.ts'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'

const layer = blob(noise(10_000))
const [one, two] = ['one', 'two'].map((version) =>
  manifest({ layers: [layer.descriptor], annotations: { version } }),
)

async function serve(yaml: string) {
  const root = await mkdtemp(join(tmpdir(), 'strake-configured-'))
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
  const push = async (name: string, tag: string, target = one): Promise<Response> => {
    if (target === undefined) throw new TypeError('no fixture')
    const repository = connectRegistry(new URL(server.url).host).repository(name)
    for (const { descriptor, raw } of [emptyConfig, layer]) {
      await repository.write(descriptor, fromBuffer(raw))
    }
    return await fetch(`${server.url}/v2/${name}/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'Content-Type': target.descriptor.mediaType },
      body: target.raw,
    })
  }
  return {
    url: server.url,
    push,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
      await rm(root, { recursive: true })
    },
  }
}

const fixed = 'fixedTags:\n  - repositories: [release/**]\n    tags: [v*]\n'

test('fixedTags: a tag that exists cannot be moved or removed, and the rule is named', async () => {
  await using server = await serve(fixed)
  expect((await server.push('release/app', 'v1')).status).toBe(201)
  expect((await server.push('release/app', 'v1')).status).toBe(201)
  const refused = await server.push('release/app', 'v1', two)
  expect(refused.status).toBe(403)
  expect(await refused.text()).toContain('tags v* are fixed')
  const url = `${server.url}/v2/release/app/manifests`
  expect((await fetch(`${url}/v1`, { method: 'DELETE' })).status).toBe(403)
  const digest = one?.descriptor.digest ?? ''
  expect((await fetch(`${url}/${digest}`, { method: 'DELETE' })).status).toBe(403)
  for (const target of [one, two]) {
    expect((await server.push('release/app', 'latest', target)).status).toBe(201)
    expect((await server.push('other/app', 'v1', target)).status).toBe(201)
  }
})

test('fixedTags: of many pushes of a new tag at the same time one wins', async () => {
  await using server = await serve(fixed)
  const all = await Promise.all(
    Array.from({ length: 10 }, (_, count) =>
      server.push('release/app', 'v1', count % 2 ? one : two),
    ),
  )
  const statuses = new Set(all.map(({ status }) => status))
  expect(statuses).toEqual(new Set([201, 403]))
  expect(all.filter(({ status }) => status === 201)).toHaveLength(5)
})

test('quotas: a push that does not fit is refused, and one that nearly fills it is told', async () => {
  await using server = await serve('quotas:\n  - prefix: team\n    bytes: 12000\n')
  const pushed = await server.push('team/app', 'v1')
  expect(pushed.status).toBe(201)
  expect(pushed.headers.get('Warning')).toBe('299 - "the quota of team is 86 % used"')
  expect(server.push('team/other', 'v1')).rejects.toMatchObject({ code: 'DENIED' })
  expect((await server.push('elsewhere', 'v1')).headers.get('Warning')).toBeNull()
  expect((await server.push('team/app', 'v1')).status).toBe(201)
})

test('a wrong key of these sections is named', async () => {
  const wrong = [
    ['proxy:\n  upstreams:\n    - url: https://a\n', 'name'],
    ['collect:\n  intervall: 1h\n', 'intervall'],
    ['retention:\n  - repositories: ["**"]\n    keep: { newest: 1 }\n', 'newest'],
    ['quotas:\n  - bytes: lots\n', 'lots'],
  ] as const
  for (const [yaml, word] of wrong) {
    expect(parseConfig(yaml, '/r.yml')).rejects.toThrow(word)
  }
})
