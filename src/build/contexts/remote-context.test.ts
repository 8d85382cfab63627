import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { type GitServer, gitMissing, serveGit, TestRepository } from '../git/testing/git-server.ts'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'
import { isRemoteContext } from './remote-context.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop[Symbol.asyncDispose]())

type Options = Parameters<Workshop['build']>[0]

/** The files of the last layer of a build. */
async function files(options: Options): Promise<Record<string, string>> {
  const layer = (await workshop.build(options)).layers.at(-1)
  expect(readdirSync(`${workshop.path}/root/scratch`)).toEqual([])
  return layer === undefined ? {} : workshop.list(layer)
}

test.each([
  ['https://h/x.tar.gz', true],
  ['http://h/', true],
  ['git@h:a/b', true],
  ['github.com/a/b', true],
  ['github.com/a/b.git#main:sub', true],
  ['ssh://h/x', true],
  ['.', false],
  ['/srv/git', false],
  ['dir/github.com/a', false],
  ['file:///srv', false],
  ['oci-layout://x', false],
])('isRemoteContext() of %s is %p', (text, expected) => {
  expect(isRemoteContext(text)).toBe(expected)
})

describe('build() from a web server', () => {
  test('build() refuses a URL that is not valid in one sentence', async () => {
    const options = { context: 'http://me:word@[::1/x.tar' }
    await expect(workshop.build(options)).rejects.toThrow(
      'Cannot use the URL http://[::1/x.tar: it is not valid',
    )
  })

  const dockerfile = 'FROM scratch\nCOPY . /all\n'
  let server: ReturnType<typeof Bun.serve>
  beforeAll(async () => {
    const body = (text: string) => ({ body: Buffer.from(text) })
    const archive = gzipSync(
      await packTar([
        { path: 'Dockerfile', ...body(dockerfile) },
        { path: 'a', ...body('a') },
        { path: '.dockerignore', ...body('a\n') },
      ]),
    )
    const routes: Record<string, string | Uint8Array<ArrayBuffer>> = {
      '/context.tgz': archive,
      '/Dockerfile': 'FROM scratch\nCOPY <<X /x\nmade\nX\n',
      '/binary': Buffer.alloc(3000),
    }
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch(request) {
        const { pathname } = new URL(request.url)
        const isAllowed = request.headers.get('authorization') !== null || pathname !== '/secret'
        const route = routes[pathname]
        return route === undefined || !isAllowed
          ? new Response('no', { status: 404 })
          : new Response(route)
      },
    })
  })
  afterAll(() => void server.stop(true))

  test('build() unpacks an archive and does not use its ignore file', async () => {
    const context = new URL('context.tgz', server.url).href
    expect(await files({ context })).toMatchObject({ 'all/a': 'file 644 0:0 "a"' })
  })

  test('build() accepts the URL of a Dockerfile as the context, or in addition to one', async () => {
    const url = new URL('Dockerfile', server.url).href
    const made = { x: 'file 644 0:0 "made\\n"' }
    expect(await files({ context: url })).toEqual(made)
    expect(await files({ dockerfile: url })).toEqual(made)
    await expect(files({ context: url, dockerfile: 'other' })).rejects.toThrow(
      'it is a Dockerfile, and another Dockerfile is given',
    )
  })

  test('build() refuses other bytes, missing files and private addresses in one sentence', async () => {
    const at = (path: string): string => new URL(path, server.url).href
    await expect(files({ context: at('binary') })).rejects.toThrow(
      `Cannot read ${at('binary')}: it is not text in UTF-8`,
    )
    await expect(files({ context: at('none') })).rejects.toThrow(
      `Cannot build from ${at('none')}: the server answered 404`,
    )
    await expect(files({ context: at('none'), downloads: 'public' })).rejects.toThrow(
      'an address of an inner network',
    )
  })
})

describe.skipIf(gitMissing !== undefined)(`build() from git (${gitMissing ?? 'served'})`, () => {
  let server: GitServer
  beforeAll(() => {
    const repository = new TestRepository(`${workshop.path}/repositories/app.git`)
    const dockerfile = 'FROM scratch\nCOPY . /all\n'
    const text = 'FROM scratch\nCOPY b /b\n'
    repository.commit({ Dockerfile: dockerfile, a: 'a', 'sub/b': 'b', 'sub/Dockerfile': text })
    server = serveGit(`${workshop.path}/repositories`)
  })
  afterAll(() => server[Symbol.dispose]())

  test('build() uses the files of a commit, with the time of the commit', async () => {
    const context = `${server.url}/app.git`
    const found = await files({ context })
    expect(Object.keys(found)).toEqual([
      'all',
      'all/Dockerfile',
      'all/a',
      'all/sub',
      'all/sub/Dockerfile',
      'all/sub/b',
    ])
    const first = await workshop.build({ context })
    const config = await Bun.file(workshop.store.pathOf(first.imageId)).json()
    expect(config.created).toBe('2020-09-13T12:43:20Z')
    expect(await files({ context: `${context}#main:sub` })).toEqual({ b: 'file 644 0:0 "b"' })
  })

  test('build() reads SOURCE_DATE_EPOCH=context from the commit or the archive', async () => {
    const buildArgs = { SOURCE_DATE_EPOCH: 'context' }
    const created = async (context: Options['context']): Promise<string> => {
      const dockerfile = context === undefined ? { text: 'FROM scratch\n' } : undefined
      const { imageId } = await workshop.build({ context, dockerfile, buildArgs })
      return (await Bun.file(workshop.store.pathOf(imageId)).json()).created
    }
    expect(await created(`${server.url}/app.git`)).toBe('2020-09-13T12:43:20Z')
    const body = Buffer.from('FROM scratch\nCOPY . /\n')
    const tar = await packTar([
      { path: 'Dockerfile', body, mtime: 1_000_000_000 },
      { path: 'late', body, mtime: 1_000_000_999 },
    ])
    expect(await created({ archive: fromBuffer(tar) })).toBe('2001-09-09T02:03:19Z')
    await expect(created(undefined)).rejects.toThrow('the context has no time')
  })

  test('build() keeps .git only when BUILDKIT_CONTEXT_KEEP_GIT_DIR is set', async () => {
    const buildArgs = { BUILDKIT_CONTEXT_KEEP_GIT_DIR: '1' }
    const found = await files({ context: `${server.url}/app.git`, buildArgs })
    expect(Object.keys(found)).toContain('all/.git/HEAD')
  })

  test('build() copies files of named contexts: a repository, and a directory with its ignore file', async () => {
    const near = await workshop.context('near', { n: 'n', left: 'out', '.dockerignore': 'left\n' })
    const contexts = new Map([
      ['far', { kind: 'remote', url: `${server.url}/app.git#main:sub` } as const],
      ['near', { kind: 'directory', path: near } as const],
    ])
    const text = 'FROM far\nCOPY --from=near . /near/\nCOPY --from=far b /copy\n'
    const { layers } = await workshop.build({ dockerfile: { text }, contexts })
    const lists = await Promise.all(layers.map((layer) => workshop.list(layer)))
    expect(lists).toEqual([
      { Dockerfile: expect.any(String), b: 'file 644 0:0 "b"' },
      {
        near: 'directory 755 0:0',
        'near/.dockerignore': 'file 644 0:0 "left\\n"',
        'near/n': 'file 644 0:0 "n"',
      },
      { copy: 'file 644 0:0 "b"' },
    ])
    const again = await workshop.build({ dockerfile: { text }, contexts })
    expect(again.layers).toEqual(layers)
    expect(workshop.stateOf('COPY --from=near')).toBe('cached')
    const wrong = 'FROM scratch\nCOPY --from=near left /x\n'
    await expect(workshop.build({ dockerfile: { text: wrong }, contexts })).rejects.toThrow(
      '.dockerignore excludes it',
    )
  })
})
