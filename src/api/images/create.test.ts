import { expect, test } from 'bun:test'
import { openTestEngine } from '#engine/testing/fixture'
import { packTar } from '#tar'
import { createApi } from '../create-api.ts'

test('POST /images/create imports the archive of a web server', async () => {
  await using engine = await openTestEngine()
  const tar = await packTar([{ path: 'motd', body: new TextEncoder().encode('hi') }])
  using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) =>
      url.endsWith('/root.tar') ? new Response(tar) : new Response('no such file', { status: 404 }),
  })
  const handle = createApi(engine, {
    connections: () => Promise.reject(new Error('no connections here')),
    signal: new AbortController().signal,
  })
  const create = async (query: Readonly<Record<string, string>>, body?: Uint8Array) => {
    const url = `http://docker/images/create?${new URLSearchParams(query)}`
    const response = await handle(new Request(url, { method: 'POST', body: body ?? null }), {
      address: '',
    })
    const text = (await response.text()).trim()
    return { status: response.status, lines: text.split('\r\n').map((line) => JSON.parse(line)) }
  }
  const at = `127.0.0.1:${server.port}`
  const options = {
    ...{ repo: 'base', tag: '1', changes: 'CMD ["sh"]', message: 'from the web' },
    platform: 'linux/arm64',
  }
  const { status, lines } = await create({ fromSrc: `http://${at}/root.tar`, ...options })
  expect([status, lines[0]]).toEqual([200, { status: `Downloading from http://${at}/root.tar` }])
  expect(lines.at(-1)).toEqual({ status: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) })
  // The same archive in the body makes the same image, and without progress.
  expect(await create({ fromSrc: '-', ...options }, tar)).toEqual({
    status: 200,
    lines: [lines.at(-1)],
  })
  const inspected = await handle(new Request('http://docker/images/base:1/json'), { address: '' })
  expect(await inspected.json()).toMatchObject({
    Id: lines.at(-1)?.status,
    Architecture: 'arm64',
    Comment: 'from the web',
    Config: { Cmd: ['sh'] },
  })

  // A source without a scheme is on a web server too.
  expect((await create({ fromSrc: `${at}/root.tar` })).status).toBe(200)
  expect(await create({ fromSrc: `http://${at}/absent` })).toEqual({
    status: 503,
    lines: [{ message: `Cannot import http://${at}/absent: the server answered 404` }],
  })
  for (const source of ['file:///etc/passwd', 'ftp://x/y', 'http://', '/etc/passwd']) {
    const refused = await create({ fromSrc: source })
    expect([source, refused.status]).toEqual([source, 400])
  }
})
