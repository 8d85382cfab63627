import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRegistry, createProxy } from '#registry'
import { parseConfig } from '#registry/config/parse-config'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'

const [traceId, parentId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7']

test('a server sends its spans to a collector, and passes the trace on to an upstream', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-traces-'))
  const upstreamSaw: (string | null)[] = []
  const exported: { path: string; key: string | null; body: string }[] = []
  using other = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/v1/traces') {
        const key = request.headers.get('X-Key')
        exported.push({ path: pathname, key, body: await request.text() })
        return new Response('{}')
      }
      upstreamSaw.push(request.headers.get('traceparent'))
      return new Response('', { status: 404 })
    },
  })
  try {
    await Bun.write(join(root, 'headers'), 'X-Key: secret\n')
    const text = `traces: { url: "http://127.0.0.1:${other.port}", percent: 0, headersFile: headers }`
    const config = await parseConfig(text, join(root, 'registry.yml'))
    const files = { htpasswd: `${root}/users`, tokens: `${root}/tokens`, key: `${root}/key` }
    {
      await using served = await openStoredRegistry(join(root, 'data'))
      const registry = connectRegistry(`127.0.0.1:${other.port}`)
      const upstreams = [{ prefix: 'lab', registry, ttl: 1000 }]
      const cached = { registry: createProxy(served.registry, { upstreams }), isCached: () => true }
      await using server = await serveConfigured(
        { ...served, ...cached },
        { config: { ...config, listen: { port: 0 } }, files, writeLine: () => {} },
      )
      const headers = { traceparent: `00-${traceId}-${parentId}-01` }
      const url = `${server.url}/v2/lab/app/manifests/latest`
      expect((await fetch(url, { headers })).status).toBe(404)
      // A trace that begins here is not kept, and the upstream still gets its IDs.
      await fetch(url.replace('latest', 'other'))
    }
    expect(exported).toMatchObject([{ path: '/v1/traces', key: 'secret' }])
    const spans = JSON.parse(exported[0]?.body ?? '').resourceSpans[0].scopeSpans[0].spans
    const span = spans.at(-1)
    const calls = spans.slice(0, -1) as readonly Record<string, unknown>[]
    expect(calls.length).toBeGreaterThan(0)
    for (const call of calls) {
      expect(call).toMatchObject({ traceId, parentSpanId: span.spanId, kind: 3 })
      expect(call['name']).toMatch(/^(GET|HEAD) upstream$/)
    }
    expect(span).toMatchObject({ traceId, parentSpanId: parentId, name: 'GET manifest' })
    expect(upstreamSaw.at(0)).toBe(`00-${traceId}-${span.spanId}-01`)
    expect(upstreamSaw.at(-1)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  } finally {
    await rm(root, { recursive: true })
  }
})
