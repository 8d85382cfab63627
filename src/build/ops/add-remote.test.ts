import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { sha256 } from '#oci'
import { type BuildResult, build } from '../build-image.ts'
import { type GitServer, gitMissing, serveGit, TestRepository } from '../git/testing/git-server.ts'
import type { BuildOptions } from '../options.ts'
import { openWorkshop, refusalOf, type Workshop } from '../testing/fixture.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop[Symbol.asyncDispose]())

/** Builds a Dockerfile above `scratch`, and returns the files of the last layer. */
async function add(
  lines: string,
  options: Omit<BuildOptions, 'services' | 'dockerfile'> = {},
  http: BuildOptions['services']['http'] = {},
): Promise<{ readonly files: Record<string, string>; readonly result: BuildResult }> {
  const services = { ...workshop.services, http }
  const dockerfile = { text: `FROM scratch\n${lines}\n` }
  const result = await build({ services, dockerfile, ...options })
  await result.lease.release()
  const layer = result.layers.at(-1)
  return { files: layer === undefined ? {} : await workshop.list(layer), result }
}

describe('ADD of a URL that an earlier build used', () => {
  /** A server with one file, and the conditions of its requests. */
  const serve = (validators: Record<string, string>) => {
    const asked: (string | null)[] = []
    const state = { text: 'one', headers: validators }
    const fetcher = async (_: string, init: BunFetchRequestInit): Promise<Response> => {
      const headers = new Headers(init.headers as Record<string, string>)
      const condition = headers.get('if-none-match') ?? headers.get('if-modified-since')
      asked.push(condition)
      const isSame = condition !== null && Object.values(state.headers).includes(condition)
      if (isSame) return new Response(null, { status: 304, headers: state.headers })
      return new Response(state.text, { headers: state.headers })
    }
    return { asked, state, http: { fetch: fetcher } }
  }

  test.each([
    ['ETag', { ETag: '"1"' }, { ETag: '"2"' }],
    [
      'Last-Modified',
      { 'Last-Modified': 'Tue, 14 Nov 2023 22:13:20 GMT' },
      { 'Last-Modified': 'Tue, 14 Nov 2023 22:13:21 GMT' },
    ],
  ])('asks the server by %s and transfers only a new version', async (_, before, after) => {
    const { asked, state, http } = serve(before)
    const line = `ADD https://h/${Object.keys(before)[0]} /d/f`
    expect((await add(line, {}, http)).files).toMatchObject({ 'd/f': 'file 600 0:0 "one"' })
    expect((await add(line, {}, http)).files).toMatchObject({ 'd/f': 'file 600 0:0 "one"' })
    const [first] = Object.values(before)
    expect(asked).toEqual([null, first ?? ''])
    // Another layer needs the bytes again.
    expect((await add(`${line}\n${line.replace('/d/f', '/e')}`, {}, http)).files).toEqual({
      e: 'file 600 0:0 "one"',
    })
    state.text = 'two'
    state.headers = after
    expect((await add(line, {}, http)).files).toMatchObject({ 'd/f': 'file 600 0:0 "two"' })
  })

  test('asks nothing when a checksum identifies the known file, and again without a cache', async () => {
    const { asked, http } = serve({})
    const line = `ADD --checksum=${sha256(Buffer.from('one'))} https://h/pinned /p`
    await add(line, {}, http)
    await add(line, {}, http)
    expect(asked).toEqual([null])
    await add(line, { noCache: true }, http)
    expect(asked).toEqual([null, null])
  })

  test('transfers the file again when the server has no validators', async () => {
    const { asked, state, http } = serve({})
    await add('ADD https://h/plain /p', {}, http)
    state.text = 'two'
    expect((await add('ADD https://h/plain /p', {}, http)).files).toEqual({
      p: 'file 600 0:0 "two"',
    })
    expect(asked).toEqual([null, null])
  })
})

describe('ADD with a password', () => {
  const headersOf = async (
    line: string,
    secrets: Readonly<Record<string, string>> = {},
  ): Promise<readonly (string | null)[]> => {
    const seen: (string | null)[] = []
    const given = new Map(Object.entries(secrets).map(([id, text]) => [id, Buffer.from(text)]))
    const { result } = await add(
      line,
      { secrets: given, noCache: true },
      {
        fetch: async (url, init) => {
          seen.push(new Headers(init.headers as Record<string, string>).get('authorization'))
          return url.includes('hop')
            ? new Response(null, { status: 302, headers: { Location: 'https://other/x' } })
            : new Response('x')
        },
        lookup: async () => ['203.0.113.1'],
      },
    )
    const config = await Bun.file(workshop.store.pathOf(result.imageId)).text()
    expect(config).not.toContain('s3cret')
    return seen
  }

  test('sends secrets to their host only', async () => {
    const line = 'ADD https://h/hop /x'
    expect(await headersOf(line, { HTTP_AUTH_TOKEN_h: 's3cret' })).toEqual(['Bearer s3cret', null])
    expect(await headersOf(line, { HTTP_AUTH_HEADER_other: 'x s3cret' })).toEqual([
      null,
      'x s3cret',
    ])
    expect(await headersOf('ADD http://h/x /x', { HTTP_AUTH_TOKEN_h: 's3cret' })).toEqual([null])
  })

  test('sends the password of a URL, which is in no history line and no record', async () => {
    const [header] = await headersOf('ADD https://me:s3cret@h/x /x')
    expect(header).toBe(`Basic ${Buffer.from('me:s3cret').toString('base64')}`)
    const { result } = await add(
      'ADD https://me:s3cret@h/x /x',
      {},
      { fetch: async () => new Response('x') },
    )
    const config = await Bun.file(workshop.store.pathOf(result.imageId)).text()
    expect(config).toContain('ADD https://h/x /x')
    expect(config).not.toContain('s3cret')
    const database = readdirSync(`${workshop.path}/root`).filter((name) => name.includes('.db'))
    for (const name of database) {
      expect(await Bun.file(`${workshop.path}/root/${name}`).text()).not.toContain('s3cret')
    }
  })
})

describe.skipIf(gitMissing !== undefined)(`ADD of a repository (${gitMissing ?? 'served'})`, () => {
  let server: GitServer
  let repository: TestRepository
  beforeAll(() => {
    repository = new TestRepository(`${workshop.path}/repositories/app.git`)
    repository.commit({ a: 'a', 'src/main': 'main' })
    repository.git('tag', 'v1')
    server = serveGit(`${workshop.path}/repositories`)
  })
  afterAll(() => server[Symbol.dispose]())

  test('adds the files of a ref, and only those of the subdirectory', async () => {
    expect((await add(`ADD ${server.url}/app.git#v1 /app`)).files).toEqual({
      app: 'directory 755 0:0',
      'app/a': 'file 644 0:0 "a"',
      'app/src': 'directory 755 0:0',
      'app/src/main': 'file 644 0:0 "main"',
    })
    expect((await add(`ADD ${server.url}/app.git#main:src /app/`)).files).toEqual({
      app: 'directory 755 0:0',
      'app/main': 'file 644 0:0 "main"',
    })
    const kept = (await add(`ADD --keep-git-dir=true --exclude=src ${server.url}/app.git /k`)).files
    expect(Object.keys(kept)).toContain('k/.git/HEAD')
    expect(Object.keys(kept)).not.toContain('k/src')
  })

  test('comes from the cache until the ref moves, and then transfers once', async () => {
    const line = `ADD ${server.url}/app.git /moving`
    const transfers = (): number =>
      server.requests.filter(({ path }) => path.endsWith('git-upload-pack')).length
    await add(line)
    const before = transfers()
    const first = (await add(line)).result
    // Listing the refs is one request.
    expect(transfers()).toBe(before + 1)
    repository.commit({ a: 'changed' })
    const { files, result } = await add(line)
    expect(files).toMatchObject({ 'moving/a': 'file 644 0:0 "changed"' })
    expect(result.imageId).not.toBe(first.imageId)
  })

  test('refuses a commit that is not the one of --checksum', async () => {
    const commit = repository.git('rev-parse', 'v1')
    await add(`ADD --checksum=${commit.slice(0, 10)} ${server.url}/app.git#v1 /c`)
    const refused = await refusalOf(add(`ADD --checksum=00000000 ${server.url}/app.git#v1 /c`))
    expect(refused.message).toContain(`its commit is ${commit}, not 00000000`)
  })

  test('gives no secret to RUN, history or cache, and none to another host', async () => {
    const secrets = new Map([['GIT_AUTH_TOKEN.example.com', Buffer.from('s3cret')]])
    await add(`ADD ${server.url}/app.git#v1 /s`, { secrets })
    expect(server.requests.every(({ authorization }) => authorization === null)).toBe(true)
  })

  test('refuses a private address when only public servers are allowed', async () => {
    const refused = refusalOf(add(`ADD ${server.url}/app.git#v1 /p`, { downloads: 'public' }))
    expect((await refused).message).toContain('an address of an inner network')
  })
})
