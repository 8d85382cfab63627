import { afterAll, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { isStrakeError } from '#oci'
import { toBuffer } from '#stream'
import { type DownloadRules, openDownload } from './http.ts'
import { type HttpServices, httpServices } from './services.ts'

const rules: DownloadRules = { from: 'any', isProved: false, signal: new AbortController().signal }
const services = httpServices()

async function get(
  url: string,
  more: Partial<DownloadRules> = {},
  http: Partial<HttpServices> = {},
): Promise<string> {
  const { body } = await openDownload(url, { ...rules, ...more }, { ...services, ...http })
  return Buffer.from(await toBuffer(body, 1e6)).toString('latin1')
}

/** The message of a refused download. */
async function refusal(getting: Promise<unknown>): Promise<string> {
  const error = await getting.catch((reason: unknown) => reason)
  if (isStrakeError(error)) return error.message
  throw new Error('the download was not refused', { cause: error })
}

describe('openDownload() over a socket', () => {
  const zeros = gzipSync(Buffer.alloc(100_000_000))
  const routes: Readonly<Record<string, () => Response>> = {
    '/plain': () => new Response('plain'),
    '/bomb': () => new Response(zeros, { headers: { 'Content-Encoding': 'gzip' } }),
    '/hop': () => new Response(null, { status: 302, headers: { Location: 'plain?x=1' } }),
    '/loop': () => new Response(null, { status: 307, headers: { Location: '/loop' } }),
    '/file': () => new Response(null, { status: 301, headers: { Location: 'file:///etc/passwd' } }),
    '/nowhere': () => new Response(null, { status: 301, headers: { Location: 'http://[' } }),
  }
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => {
      const route = routes[new URL(request.url).pathname]
      const isPlain = request.headers.get('accept-encoding') === 'identity'
      return isPlain && route !== undefined ? route() : new Response('no', { status: 404 })
    },
  })
  const raw = Bun.listen({
    port: 0,
    hostname: '127.0.0.1',
    socket: {
      data(socket, bytes) {
        const isStalled = bytes.includes('/stalled')
        if (!bytes.includes('/silent'))
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')
        if (!isStalled && !bytes.includes('/silent')) socket.end()
      },
    },
  })
  afterAll(async () => {
    await server.stop(true)
    raw.stop(true)
  })
  const at = (path: string): string => `http://127.0.0.1:${server.port}${path}`
  const atRaw = (path: string): string => `http://127.0.0.1:${raw.port}${path}`

  test('openDownload() returns the bytes that were sent, without decoding them', async () => {
    expect(await get(at('/plain'))).toBe('plain')
    expect(await get(at('/hop'))).toBe('plain')
    expect(await get(at('/bomb'))).toBe(zeros.toString('latin1'))
  })

  test('openDownload() limits redirects, and follows none that is not HTTP', async () => {
    expect(await refusal(get(at('/loop')))).toEndWith('there are more than 10 redirects')
    expect(await refusal(get(at('/file')))).toEndWith('redirects to file:, which is not HTTP')
    expect(await refusal(get(at('/nowhere')))).toEndWith('redirects to an invalid URL')
    expect(await refusal(get(`http://u:pw@127.0.0.1:${server.port}/no?secret`))).toBe(
      `Cannot add ${at('/no')}: the server answered 404`,
    )
  })

  test('openDownload() has its own messages for connections that break or stall', async () => {
    expect(await refusal(get(atRaw('/broken')))).toEndWith('the connection broke off')
    expect(await refusal(get('http://127.0.0.1:1/x'))).toEndWith(
      'the server refuses the connection',
    )
    for (const path of ['/stalled', '/silent']) {
      const stalled = get(atRaw(path), {}, { idleTimeout: 100 })
      expect(await refusal(stalled)).toMatch(/the server sent nothing for \d+ seconds$/)
    }
  })

  test('openDownload() ends with the reason of its signal', async () => {
    const abort = new AbortController()
    const stalled = get(atRaw('/stalled'), { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(stalled).rejects.toThrow('enough')
  })

  test('openDownload() connects to this machine without a proxy', async () => {
    process.env['http_proxy'] = 'http://127.0.0.1:1'
    try {
      expect(await get(at('/plain'))).toBe('plain')
    } finally {
      delete process.env['http_proxy']
    }
  })

  test('openDownload() refuses this machine when only public servers are allowed', async () => {
    const { port } = server
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433']) {
      expect(await refusal(get(`http://${host}:${port}/plain`, { from: 'public' }))).toMatch(
        /an address of an inner network$/,
      )
    }
  })
})

describe('openDownload() with names', () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    'public.test': ['203.0.113.5'],
    'v6.test': ['2606:4700::1'],
    'both.test': ['203.0.113.6', '10.0.0.1'],
    'inner.test': ['192.168.0.1'],
  }

  /** A server that redirects to the URL in the query, and records the requests. */
  function world(): { http: Partial<HttpServices>; asked: string[] } {
    const asked: string[] = []
    const http: Partial<HttpServices> = {
      env: {},
      lookup: async (host) => names[host] ?? [],
      fetch: async (url, init) => {
        const headers = new Headers(init.headers)
        asked.push(`${url.split('?')[0]} ${headers.get('host')} ${init.tls?.serverName}`)
        const to = new URL(url).searchParams.get('to')
        return to === null
          ? new Response('there')
          : new Response(null, { status: 302, headers: { Location: to } })
      },
    }
    return { http, asked }
  }

  test('openDownload() follows no redirect from a public server into the inner network', async () => {
    for (const to of [
      'http://inner.test/x',
      'http://169.254.169.254/latest',
      'http://both.test/',
    ]) {
      const { http, asked } = world()
      expect(await refusal(get(`http://public.test/?to=${to}`, {}, http))).toContain(
        'inner network',
      )
      expect(asked).toHaveLength(1)
    }
    const { http } = world()
    expect(await get('http://inner.test/?to=http://10.1.1.1/', {}, http)).toBe('there')
    expect(await get('http://public.test/?to=http://v6.test/', {}, http)).toBe('there')
  })

  test('openDownload() connects to the address that it has checked', async () => {
    const { http, asked } = world()
    expect(await get('https://public.test:8443/x', { from: 'public' }, http)).toBe('there')
    expect(await get('https://v6.test/x', { from: 'public' }, http)).toBe('there')
    expect(asked).toEqual([
      'https://203.0.113.5:8443/x public.test:8443 public.test',
      'https://[2606:4700::1]/x v6.test v6.test',
    ])
    expect(await refusal(get('http://both.test/', { from: 'public' }, http))).toContain('10.0.0.1')
    expect(await refusal(get('http://none.test/', { from: 'public' }, http))).toContain(
      'no address',
    )
    expect(asked).toHaveLength(2)
  })

  test('openDownload() leaves HTTPS only for content with a checksum', async () => {
    const { http } = world()
    const url = 'https://public.test/?to=http://v6.test/'
    expect(await refusal(get(url, {}, http))).toContain('redirects from HTTPS to http://v6.test/')
    expect(await get(url, { isProved: true }, http)).toBe('there')
  })
})
