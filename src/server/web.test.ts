import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeJson, mediaType } from '#oci'
import { type Access, ChallengeError, DeniedError } from '#registry'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { blob, emptyConfig, type Fixture, index, manifest } from '../registry/testing/fixtures.ts'
import { openStoredRegistry, type RegistryServerOptions, serveRegistry } from './registry.ts'

const evil = `"'><script>alert(1)</script><img src=x onerror=alert(2)>\u202e`

const text = `text ${evil}`

const layer = blob(
  new Uint8Array(
    await packTar([
      { path: `etc/${evil.replaceAll('/', '')}`, body: Buffer.from(text) },
      { path: 'etc/page.html', body: Buffer.from(text) },
      { path: 'etc/binary', body: Buffer.from([0, 255]) },
      { path: 'etc/link', type: 'symlink', linkpath: evil },
    ]),
  ),
  mediaType.ociLayer,
)

const other = blob(
  new Uint8Array(await packTar([{ path: `new${evil.replaceAll('/', '')}` }])),
  mediaType.ociLayer,
)

const config = blob(
  encodeJson({
    architecture: 'amd64',
    os: 'linux',
    author: evil,
    created: evil,
    config: {
      User: evil,
      Env: [evil],
      Cmd: [evil],
      WorkingDir: evil,
      ExposedPorts: { [evil]: {} },
      Labels: { [evil]: evil },
    },
    rootfs: { type: 'layers', diff_ids: [layer.descriptor.digest] },
    history: [{ created_by: `RUN ${evil}` }],
  }),
  mediaType.ociConfig,
)

const image = manifest({
  config: config.descriptor,
  layers: [layer.descriptor],
  annotations: { [evil]: evil },
})

const otherConfig = blob(
  encodeJson({
    architecture: 'amd64',
    os: 'linux',
    config: { User: `other ${evil}` },
    rootfs: { type: 'layers', diff_ids: [layer.descriptor.digest, other.descriptor.digest] },
  }),
  mediaType.ociConfig,
)

const otherImage = manifest({
  config: otherConfig.descriptor,
  layers: [layer.descriptor, other.descriptor],
})

const platforms = index([
  { ...image.descriptor, platform: { os: evil, architecture: 'arm64', variant: evil } },
])

const signature = manifest({
  subject: image.descriptor,
  artifactType: `application/${evil}`,
  annotations: { [evil]: evil },
})

async function withRegistry(
  options: Partial<RegistryServerOptions>,
  use: (get: (path: string, init?: RequestInit) => Promise<Response>) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'strake-web-'))
  try {
    await using served = await openStoredRegistry(root)
    await using server = await serveRegistry(served, { port: 0, ...options })
    const write = async (name: string, tag: string, content: readonly Fixture[]) => {
      const repository = served.registry.repository(name, { sender: evil })
      for (const { descriptor, raw } of content) await repository.write(descriptor, fromBuffer(raw))
      const last = content.at(-1)
      if (last !== undefined) await repository.tag(tag, last.descriptor)
    }
    await write('team/app', 'sig', [layer, config, image, emptyConfig, signature])
    await write('team/app', 'v1', [image])
    await write('team/app', 'multi', [platforms])
    await write('team/app', 'v2', [other, otherConfig, otherImage])
    await write('secret', 'v1', [emptyConfig, manifest()])
    await use((path, init) => fetch(`${server.url}${path}`, { redirect: 'manual', ...init }))
  } finally {
    await rm(root, { recursive: true })
  }
}

const pages = [
  '/',
  `/?q=${encodeURIComponent(evil)}`,
  `/?under=${encodeURIComponent(evil)}`,
  '/repositories/team/app',
  '/repositories/team/app/-/image/v1',
  '/repositories/team/app/-/image/multi',
  '/repositories/team/app/-/image/sig',
  '/repositories/team/app/-/history/v1',
  `/repositories/team/app/-/image/${encodeURIComponent(evil)}`,
  '/repositories/absent',
  '/repositories/team/app/-/files/v1',
  '/repositories/team/app/-/files/multi?path=etc',
  '/repositories/team/app/-/files/v1?path=etc/page.html',
  '/repositories/team/app/-/files/v1?path=etc/link',
  '/repositories/team/app/-/files/v1?path=etc/binary',
  `/repositories/team/app/-/files/v1?path=${encodeURIComponent(evil)}`,
  `/repositories/team/app/-/files/${layer.descriptor.digest}?path=etc`,
  '/repositories/team/app/-/compare/v1?with=v2',
  '/repositories/team/app/-/compare/v2?with=v1',
]

test('no page lets a hostile value become markup, and each forbids scripts and frames', async () => {
  await withRegistry({}, async (get) => {
    let shown = 0
    for (const path of pages) {
      const response = await get(path)
      const text = await response.text()
      expect(text).not.toMatch(/<script|<img|\u202e/i)
      expect(text).not.toMatch(/"'|'"/)
      if (text.includes('&lt;script&gt;')) shown += 1
      const { headers } = response
      expect(headers.get('Content-Type')).toBe('text/html; charset=utf-8')
      const policy = headers.get('Content-Security-Policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/script-src|unsafe/)
      expect(headers.get('X-Frame-Options')).toBe('DENY')
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('Cache-Control')).toBe('private, no-store')
      expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    }
    expect(shown).toBeGreaterThanOrEqual(12)
  })
})

test('the pages show repositories, tags, an image, its layers and what is attached', async () => {
  await withRegistry({}, async (get) => {
    const text = async (path: string) => (await get(path)).text()
    expect(await text('/')).toContain('<a href="/repositories/team/app">team/app</a>')
    expect(await text('/?q=TEAM')).not.toContain('/repositories/secret')
    expect(await text('/?under=secret')).not.toContain('/repositories/team/app"')
    const tags = await text('/repositories/team/app')
    expect(tags).toContain('href="/repositories/team/app/-/image/v1"')
    expect(tags).toContain(image.descriptor.digest)
    const page = await text('/repositories/team/app/-/image/v1')
    expect(page).toMatch(/docker pull 127\.0\.0\.1:\d+\/team\/app:v1/)
    expect(page).toContain('RUN &quot;')
    expect(page).toContain('linux/amd64')
    expect(page).toContain(`/-/image/${signature.descriptor.digest}`)
    expect((await get('/repositories/absent')).status).toBe(404)
    expect((await get('/nothing')).status).toBe(404)
    expect((await get('/', { method: 'POST' })).status).toBe(405)
    const head = await get('/', { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await get('/style.css')).headers.get('Content-Type')).toContain('text/css')
  })
})

test('the same data comes as JSON', async () => {
  await withRegistry({}, async (get) => {
    const read = async (path: string): Promise<unknown> => (await get(path)).json()
    expect(await read('/api/v1/repositories')).toEqual({ names: ['secret', 'team/app'] })
    expect(await read('/api/v1/repositories/team/app')).toMatchObject({
      tags: [
        { name: 'multi', size: layer.raw.length + config.raw.length },
        { name: 'sig' },
        { name: 'v1', digest: image.descriptor.digest, movedBy: evil },
        { name: 'v2' },
      ],
    })
    expect(await read('/api/v1/repositories/team/app/-/image/v1')).toMatchObject({
      layers: [{ descriptor: layer.descriptor, createdBy: `RUN ${evil}` }],
      referrers: [{ digest: signature.descriptor.digest, referrers: [] }],
    })
    expect(await read('/api/v1/repositories/team/app/-/history/v1')).toMatchObject({
      moves: [{ digest: image.descriptor.digest, movedBy: evil }],
    })
    const absent = await get('/api/v1/repositories/absent')
    expect([absent.status, await absent.json()]).toEqual([404, { message: expect.any(String) }])
  })
})

/** Lets user `ann` pull below `team/`; her password is not checked. */
const access: Access = async (request, scopes) => {
  if (!request.headers.has('Authorization')) throw new ChallengeError('Bearer realm="x"')
  for (const scope of scopes) {
    if (scope.startsWith('repository:') && !scope.startsWith('repository:team/')) {
      throw new DeniedError('ann', { action: 'pull', repository: 'secret', reason: 'no rule' })
    }
  }
  return { name: 'ann', may: (scope) => scope.startsWith('repository:team/') }
}

test('the pages show a sender what it may pull, and ask a browser for a password', async () => {
  await withRegistry({ access }, async (get) => {
    for (const path of ['/', '/login', '/repositories/secret', '/api/v1/repositories']) {
      const response = await get(path)
      expect([path, response.status]).toEqual([path, 401])
      expect(response.headers.get('WWW-Authenticate')).toStartWith('Basic ')
    }
    const headers = { Authorization: `Basic ${btoa('ann:x')}` }
    const list = await (await get('/', { headers })).text()
    expect(list).toContain('/repositories/team/app')
    expect(list).not.toContain('/repositories/secret')
    expect(list).toContain('Signed in as <b>ann</b>')
    const [there, absent] = [
      await get('/repositories/secret', { headers }),
      await get('/repositories/absent', { headers }),
    ]
    expect([there.status, absent.status]).toEqual([403, 403])
    const login = await get('/login', { headers })
    expect([login.status, login.headers.get('Location')]).toEqual([303, '/'])
  })
})

test('the files of an image and of a layer are listed, shown and saved', async () => {
  await withRegistry({}, async (get) => {
    const base = '/repositories/team/app/-'
    const read = async (path: string): Promise<unknown> => (await get(`/api/v1${path}`)).json()
    expect(await read(`${base}/files/v2`)).toMatchObject({
      entries: [{ path: 'etc', type: 'directory' }, { path: expect.stringContaining('new') }],
    })
    expect(await read(`${base}/files/v1?path=etc/page.html`)).toMatchObject({
      file: { type: 'file', layer: layer.descriptor.digest },
      text,
    })
    expect(await read(`${base}/files/v1?path=etc/binary`)).not.toHaveProperty('text')
    const saved = await get(`${base}/contents/v1?path=etc/page.html`)
    expect(await saved.text()).toBe(text)
    expect(saved.headers.get('Content-Type')).toBe('application/octet-stream')
    expect(saved.headers.get('Content-Disposition')).toStartWith('attachment;')
    expect(saved.headers.get('Content-Security-Policy')).toContain('sandbox')
    expect((await get(`${base}/contents/v1?path=etc`)).status).toBe(404)
    expect((await get(`${base}/files/v1?path=absent`)).status).toBe(404)
    expect((await get(`${base}/files/v1?path=../..`)).status).toBe(404)
    // The layer belongs to another repository.
    const foreign = `/repositories/secret/-/files/${layer.descriptor.digest}`
    expect((await get(foreign)).status).toBe(404)
  })
})

test('two tags are compared by files, configuration and layers', async () => {
  await withRegistry({}, async (get) => {
    const path = '/api/v1/repositories/team/app/-/compare/v1?with=v2'
    expect(await (await get(path)).json()).toMatchObject({
      isSame: false,
      config: expect.arrayContaining([
        { name: 'User', before: JSON.stringify(evil), after: JSON.stringify(`other ${evil}`) },
      ]),
      layers: { shared: 1, removed: [], added: [other.descriptor.digest] },
      files: [{ kind: 'added', path: expect.stringContaining('new') }],
      count: 1,
    })
  })
})

test('a tag is rolled back by the form of its own page only, and with the right to push', async () => {
  await withRegistry({}, async (get) => {
    const path = '/repositories/team/app/-/history/v1'
    await get('/v2/team/app/manifests/v1', {
      method: 'PUT',
      headers: { 'Content-Type': mediaType.ociManifest },
      body: otherImage.raw,
    })
    const page = await get(path)
    const [cookie = ''] = (page.headers.get('Set-Cookie') ?? '').split(';')
    expect(page.headers.get('Set-Cookie')).toContain('HttpOnly; SameSite=Strict')
    const token = /name="token" value="([0-9a-f]{64})"/.exec(await page.text())?.[1] ?? ''
    const { digest } = image.descriptor
    const post = async (fields: object, headers: object): Promise<number> => {
      const body = new URLSearchParams({ digest, ...fields })
      return (await get(path, { method: 'POST', body, headers: { ...headers } })).status
    }
    const current = async (): Promise<string | null> =>
      (await get('/v2/team/app/manifests/v1')).headers.get('Docker-Content-Digest')
    expect(await post({}, { Cookie: cookie })).toBe(403)
    expect(await post({ token }, {})).toBe(403)
    expect(await post({ token: '0'.repeat(64) }, { Cookie: cookie })).toBe(403)
    expect(await post({ token, digest: evil }, { Cookie: cookie })).toBe(403)
    expect(await post({ token, pad: 'x'.repeat(5000) }, { Cookie: cookie })).toBe(403)
    const foreign = { Cookie: cookie, Origin: 'http://evil.example' }
    expect(await post({ token }, foreign)).toBe(403)
    const wrongType = { Cookie: cookie, 'Content-Type': 'text/plain' }
    expect(await post({ token }, wrongType)).toBe(403)
    expect(await post({ token, digest: `sha256:${'0'.repeat(64)}` }, { Cookie: cookie })).toBe(404)
    expect(await current()).toBe(otherImage.descriptor.digest)
    expect(await post({ token }, { Cookie: cookie })).toBe(303)
    expect(await current()).toBe(digest)
  })
  await withRegistry({ access }, async (get) => {
    const headers = { Authorization: `Basic ${btoa('ann:x')}` }
    const path = '/repositories/team/app/-/history/v1'
    expect(await (await get(path, { headers })).text()).toContain('Roll back')
    expect((await get(path, { method: 'POST', body: new URLSearchParams({}) })).status).toBe(403)
  })
  await withRegistry({ readOnly: true }, async (get) => {
    const path = '/repositories/team/app/-/history/v1'
    expect(await (await get(path)).text()).not.toContain('Roll back')
    expect((await get(path, { method: 'POST' })).status).toBe(405)
  })
})
