import { expect, test } from 'bun:test'
import type { RegistryEvent } from '../server/event.ts'
import { kindOfPath } from './endpoint-kind.ts'
import { createRegistryMetrics } from './registry-metrics.ts'

const usage = { repositories: 2, manifests: 3, tags: 4, bytes: 5 }

function create(options: { mostRepositories?: number; usage?: () => Promise<typeof usage> } = {}) {
  const { mostRepositories, usage: read = async () => usage } = options
  return createRegistryMetrics({ ledger: { usage: read }, uploads: () => 6, mostRepositories })
}

test('no sender can add names of repositories, methods or paths without bound', async () => {
  const metrics = create({ mostRepositories: 2 })
  const about = { time: 0, address: '::1', principal: undefined, size: 1, duration: 1 }
  for (let count = 0; count < 50; count += 1) {
    const event: RegistryEvent = { ...about, action: 'pull', kind: 'manifest', status: 200 }
    metrics.onEvent({ ...event, repository: `r${count}` })
    metrics.onRequest({ ...about, method: `M${count}`, path: `/p${count}`, status: 404 })
  }
  const text = await metrics.format()
  expect(text.match(/^strake_registry_pulls_total\{.*$/gm)).toEqual([
    'strake_registry_pulls_total{repository="r0"} 1',
    'strake_registry_pulls_total{repository="r1"} 1',
    'strake_registry_pulls_total{repository="_other"} 48',
  ])
  expect(text.match(/^strake_http_requests_total\{.*$/gm)).toEqual([
    'strake_http_requests_total{method="other",kind="other",status="404"} 50',
  ])
})

test('kindOfPath() names every endpoint', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  for (const [path, kind] of [
    ['/v2/', 'ping'],
    ['/v2/_catalog', 'catalog'],
    ['/v2/_token', 'token'],
    ['/v2/a/b/manifests/latest', 'manifest'],
    [`/v2/a/blobs/${digest}`, 'blob'],
    ['/v2/a/blobs/uploads/', 'upload'],
    ['/v2/a/blobs/uploads/0123', 'upload'],
    ['/v2/a/tags/list', 'tags'],
    [`/v2/a/referrers/${digest}`, 'referrers'],
    ['/v2/a/_oci/tag-history/latest', 'history'],
    ['/readyz', 'health'],
    ['/v2/a', 'other'],
  ] as const) {
    expect([path, kindOfPath(path)]).toEqual([path, kind])
  }
})

test('the size is counted once for many readers, and its absence hides nothing else', async () => {
  let calls = 0
  const counted = create({
    usage: async () => {
      calls += 1
      return usage
    },
  })
  await Promise.all([counted.format(), counted.format()])
  expect(await counted.format()).toContain('\nstrake_registry_stored_bytes 5\n')
  expect(calls).toBe(1)
  counted.onTrimmed({ manifests: 1, blobs: 2, bytes: 3 })
  expect(await counted.format()).toContain('\nstrake_cache_removed_bytes_total 3\n')
  const failing = await create({ usage: () => Promise.reject(new Error('away')) }).format()
  expect(failing).toContain('\nstrake_registry_uploads 6\n')
  expect(failing).not.toContain('\nstrake_registry_stored_bytes ')
})

test('what alerts watch is there before it happens, so that the first time counts', async () => {
  const text = await create().format()
  expect(text).toContain('strake_registry_collections_total{result="failed"} 0\n')
})
