import { createHmac } from 'node:crypto'

/** A server with the interface of Azure's block blobs, for one account. */
export interface AzureServer extends AsyncDisposable {
  readonly url: string
  readonly account: string
  /** In base64. */
  readonly key: string
  /** Complete blobs, by container and key. */
  readonly blobs: Map<string, Uint8Array>
  /** `METHOD path` of every request. */
  readonly requests: string[]
}

/** Serves an account whose key every request has to sign. */
export function serveAzure(): AzureServer {
  const [account, key] = ['account', Buffer.from('the key').toString('base64')]
  const blobs = new Map<string, Uint8Array>()
  const containers = new Set<string>()
  const blocks = new Map<string, Uint8Array>()
  const requests: string[] = []
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: handle })

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url)
    requests.push(`${request.method} ${url.pathname}`)
    const body = new Uint8Array(await request.arrayBuffer())
    if (!isSigned(request, url, body)) return refuse(403, 'AuthenticationFailed')
    const [, container = '', ...rest] = decodeURIComponent(url.pathname).split('/')
    const name = `${container}/${rest.join('/')}`
    if (url.searchParams.get('restype') === 'container') {
      if (request.method === 'PUT') {
        containers.add(container)
        return new Response('', { status: 201 })
      }
      return containers.has(container) ? new Response('') : refuse(404, 'ContainerNotFound')
    }
    if (!containers.has(container)) return refuse(404, 'ContainerNotFound')
    if (request.method === 'PUT') return put(name, url.searchParams, body)
    const found = blobs.get(name)
    if (found === undefined) return refuse(404, 'BlobNotFound')
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.get('range') ?? '')?.[1] ?? 0)
    return new Response(found.slice(start), { status: start > 0 ? 206 : 200 })
  }

  function put(name: string, query: URLSearchParams, body: Uint8Array): Response {
    if (query.get('comp') === 'block') {
      blocks.set(`${name} ${query.get('blockid')}`, body)
    } else {
      const ids = [...new TextDecoder().decode(body).matchAll(/<Latest>([^<]*)<\/Latest>/g)]
      const parts = ids.map(([, id]) => blocks.get(`${name} ${id}`) ?? new Uint8Array())
      blobs.set(name, Buffer.concat(parts))
    }
    return new Response('', { status: 201 })
  }

  /** The signature as Microsoft documents it. */
  function isSigned(request: Request, url: URL, body: Uint8Array): boolean {
    const header = (name: string): string => request.headers.get(name) ?? ''
    const own = [...request.headers].filter(([name]) => name.startsWith('x-ms-')).sort()
    const lines = [
      request.method,
      header('content-encoding'),
      header('content-language'),
      body.length === 0 ? '' : String(body.length),
      header('content-md5'),
      header('content-type'),
      header('date'),
      header('if-modified-since'),
      header('if-match'),
      header('if-none-match'),
      header('if-unmodified-since'),
      header('range'),
      ...own.map(([name, value]) => `${name}:${value}`),
      `/${account}${url.pathname}`,
      ...[...url.searchParams].sort().map(([name, value]) => `${name}:${value}`),
    ]
    const wanted = createHmac('sha256', Buffer.from(key, 'base64')).update(lines.join('\n'))
    return header('authorization') === `SharedKey ${account}:${wanted.digest('base64')}`
  }

  const url = `http://127.0.0.1:${server.port}`
  return {
    url,
    account,
    key,
    blobs,
    requests,
    [Symbol.asyncDispose]: async () => await server.stop(true),
  }
}

function refuse(status: number, code: string): Response {
  const text = `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`
  return new Response(text, { status, headers: { 'x-ms-error-code': code } })
}
