/** A server with the interfaces of GitHub's cache (version 2) and of Azure's block blobs. */
export interface ActionsServer extends AsyncDisposable {
  readonly url: string
  /** A token for the branch `refs/heads/main`. */
  readonly token: string
  /** Complete entries, oldest first. */
  readonly entries: Map<string, Uint8Array>
  /** `METHOD path` of every request. */
  readonly requests: string[]
  /** The next requests are answered with this status. */
  failures: number[]
}

export function serveActions(): ActionsServer {
  const entries = new Map<string, Uint8Array>()
  const reserved = new Map<string, Map<string, Uint8Array>>()
  const requests: string[] = []
  const claims = {
    ac: JSON.stringify([{ Scope: 'refs/heads/main', Permission: 3 }]),
    exp: 1e10,
    nbf: 0,
  }
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = `${part({ alg: 'none' })}.${part(claims)}.c2ln`
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: handle })
  const origin = `http://127.0.0.1:${server.port}`

  async function handle(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    requests.push(`${request.method} ${pathname}`)
    const failure = result.failures.shift()
    if (failure !== undefined) return new Response('', { status: failure })
    if (pathname.startsWith('/blob/')) return await blob(request, pathname.slice(6), searchParams)
    if (request.headers.get('authorization') !== `Bearer ${token}`) {
      return new Response('', { status: 401 })
    }
    const body = new Map(Object.entries(Object(await request.json())))
    const key = String(body.get('key'))
    if (pathname.endsWith('/CreateCacheEntry')) {
      if (entries.has(key) || reserved.has(key))
        return Response.json({ ok: false }, { status: 409 })
      reserved.set(key, new Map())
      const url = `${origin}/blob/${encodeURIComponent(key)}?sig=secret`
      return Response.json({ ok: true, signed_upload_url: url })
    }
    if (pathname.endsWith('/FinalizeCacheEntryUpload')) {
      const size = entries.get(key)?.length
      return Response.json({ ok: size === Number(body.get('size_bytes')), entry_id: '1' })
    }
    const found = entries.has(key)
      ? key
      : [...entries.keys()].findLast((one) => one.startsWith(key))
    if (found === undefined) return Response.json({ ok: false })
    const url = `${origin}/blob/${encodeURIComponent(found)}?sig=secret`
    return Response.json({ ok: true, signed_download_url: url, matched_key: found })
  }

  async function blob(request: Request, name: string, query: URLSearchParams): Promise<Response> {
    const key = decodeURIComponent(name)
    if (query.get('sig') !== 'secret') return new Response('', { status: 403 })
    if (request.method === 'GET' || request.method === 'HEAD') {
      const bytes = entries.get(key)
      if (bytes === undefined) return new Response('', { status: 404 })
      const range = request.headers.get('range') ?? request.headers.get('x-ms-range')
      const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
      const rest = new Uint8Array(bytes.subarray(start))
      return new Response(rest, { status: range === null ? 200 : 206 })
    }
    const blocks = reserved.get(key)
    if (blocks === undefined) return new Response('', { status: 404 })
    const body = new Uint8Array(await request.arrayBuffer())
    if (query.get('comp') === 'block') blocks.set(query.get('blockid') ?? '', body)
    else if (query.get('comp') === 'blocklist') {
      const text = new TextDecoder().decode(body)
      const ids = [...text.matchAll(/<Latest>([^<]*)<\/Latest>/g)].map(([, id = '']) => id)
      entries.set(key, Buffer.concat(ids.map((id) => blocks.get(id) ?? new Uint8Array())))
    } else entries.set(key, body)
    return new Response('', { status: 201, headers: { 'x-ms-request-id': '1' } })
  }

  const result: ActionsServer = {
    url: `${origin}/`,
    token,
    entries,
    requests,
    failures: [],
    [Symbol.asyncDispose]: () => server.stop(true),
  }
  return result
}
