import { describe, expect, test } from 'bun:test'
import { type GuardOptions, guarded } from './guard.ts'

type Headers = Readonly<Record<string, string>>

const loopback: GuardOptions = { hostname: '127.0.0.1' }

/** The status for a request to a guarded handler that answers 201. */
async function statusOf(
  headers: Headers,
  { method = 'PUT', ...options }: GuardOptions & { readonly method?: string } = loopback,
): Promise<number> {
  const handler = guarded(async () => new Response(null, { status: 201 }), options)
  const request = new Request('http://localhost:5000/v2/app/manifests/latest', { method, headers })
  return (await handler(request, { address: '127.0.0.1' })).status
}

describe('guarded()', () => {
  test('accepts clients of a loopback server on any port', async () => {
    for (const host of [
      'localhost:5000',
      'LocalHost',
      'localhost.',
      '127.0.0.1:5000',
      '127.8.9.1',
      '[::1]:5000',
    ]) {
      expect([host, await statusOf({ Host: host })]).toEqual([host, 201])
    }
    // HTTP/1.0
    expect(await statusOf({})).toBe(201)
  })

  test('refuses every other host name, also for reading', async () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io:5000']) {
        expect(await statusOf({ Host: host }, { ...loopback, method })).toBe(403)
      }
    }
    expect(await statusOf({ Host: '192.168.1.5:5000' })).toBe(403)
  })

  test('answers 400 to an invalid Host header', async () => {
    for (const host of ['', 'a b', 'a/b', 'a@b', 'x:99999', 'x:0x10', 'a, b', '[::1', '.', 'a:']) {
      expect([host, await statusOf({ Host: host })]).toEqual([host, 400])
    }
  })

  test('accepts any address, the own name and configured names on the network', async () => {
    const options = { hostname: '0.0.0.0', allowedHosts: ['Registry.Example', 'other.example:443'] }
    for (const host of ['10.0.0.5:5000', '[fe80::1]', 'registry.example:5000', 'other.example']) {
      expect([host, await statusOf({ Host: host }, options)]).toEqual([host, 201])
    }
    expect(await statusOf({ Host: 'evil.example' }, options)).toBe(403)
    const named = { hostname: 'registry.internal' }
    expect(await statusOf({ Host: 'registry.internal:5000' }, named)).toBe(201)
  })

  test('ignores the host on a Unix socket', async () => {
    expect(await statusOf({ Host: 'anything' }, {})).toBe(201)
  })

  test('refuses pages of other sites by their Origin', async () => {
    const Host = 'localhost:5000'
    for (const origin of [
      'https://evil.example',
      'http://localhost:3000',
      'http://127.0.0.1:5000',
      'http://localhost',
      'null',
      '',
    ]) {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const headers = { Host, Origin: origin }
        expect([origin, await statusOf(headers, { ...loopback, method })]).toEqual([origin, 403])
      }
    }
  })

  test('accepts a page of the server itself', async () => {
    for (const [host, origin] of [
      ['localhost:5000', 'http://localhost:5000'],
      ['localhost', 'http://localhost'],
      ['localhost:80', 'http://LOCALHOST'],
      ['localhost', 'https://localhost:443'],
    ] as const) {
      const headers = { Host: host, Origin: origin, 'Sec-Fetch-Site': 'same-origin' }
      expect([host, await statusOf(headers)]).toEqual([host, 201])
    }
  })

  test('refuses requests that a browser marks as cross-site', async () => {
    for (const site of ['cross-site', 'same-site', 'anything']) {
      const headers = { Host: 'localhost:5000', 'Sec-Fetch-Site': site }
      expect(await statusOf(headers)).toBe(403)
      expect(await statusOf(headers, { ...loopback, method: 'GET' })).toBe(403)
      const link = { ...headers, 'Sec-Fetch-Mode': 'navigate' }
      expect(await statusOf(link, { ...loopback, method: 'GET' })).toBe(201)
      expect(await statusOf(link, { ...loopback, method: 'POST' })).toBe(403)
    }
    expect(await statusOf({ Host: 'localhost:5000', 'Sec-Fetch-Site': 'none' })).toBe(201)
  })

  test('answers 405 to a method that no handler has', async () => {
    expect(await statusOf({ Host: 'localhost' }, { ...loopback, method: 'PROPFIND' })).toBe(405)
  })

  test('names the remedy for an unknown host name', async () => {
    const handler = guarded(async () => new Response(), loopback)
    const headers = { Host: 'registry.example:5000' }
    const response = await handler(new Request('http://registry.example:5000/v2/', { headers }), {
      address: '127.0.0.1',
    })
    expect(await response.json()).toEqual({
      errors: [
        {
          code: 'DENIED',
          message:
            'Cannot serve the request: this server is not known as registry.example; allow the name with --allow-host registry.example',
        },
      ],
    })
  })
})
