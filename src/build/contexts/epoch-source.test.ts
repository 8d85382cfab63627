import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { sha256 } from '#oci'
import { packTar, readTar } from '#tar'
import { type GitServer, gitMissing, serveGit, TestRepository } from '../git/testing/git-server.ts'
import type { NamedContext } from '../model/contexts.ts'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'

let workshop: Workshop
let web: ReturnType<typeof Bun.serve>
const requests: string[] = []
beforeAll(async () => {
  workshop = await openWorkshop()
  const body = Buffer.from('text')
  const archive = await packTar([{ path: 'a', body, mtime: 1_000_000_999 }])
  web = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch({ url }) {
      const { pathname } = new URL(url)
      requests.push(pathname)
      const headers = { 'Last-Modified': 'Sun, 09 Sep 2001 01:46:40 GMT' }
      if (pathname === '/dated') return new Response('text', { headers })
      return new Response(pathname === '/archive' ? archive : 'text')
    },
  })
})
afterAll(async () => {
  web.stop(true)
  await workshop[Symbol.asyncDispose]()
})

/** The time of an image whose Dockerfile or build argument says `epoch`. */
async function created(
  text: string,
  epoch?: string,
  contexts?: ReadonlyMap<string, NamedContext>,
): Promise<string> {
  const buildArgs = epoch === undefined ? {} : { SOURCE_DATE_EPOCH: epoch }
  const { imageId } = await workshop.build({ dockerfile: { text }, buildArgs, contexts })
  return (await Bun.file(workshop.store.pathOf(imageId)).json()).created
}

const last = 'FROM scratch\nCOPY <<X /x\nX\n'
const stage = (url: string): string => `ARG U=${url}\nFROM scratch AS src\nARG U\nADD $U /\n${last}`

test('SOURCE_DATE_EPOCH names a stage that adds a file: the time that the server names counts', async () => {
  expect(await created(stage(`${web.url}dated`), 'src')).toBe('2001-09-09T01:46:40Z')
})

test('SOURCE_DATE_EPOCH names a stage that adds an archive: its newest file counts', async () => {
  expect(await created(stage(`${web.url}archive`), 'src')).toBe('2001-09-09T02:03:19Z')
})

test('SOURCE_DATE_EPOCH as the default of an ARG names a stage, and stages see the number', async () => {
  const text = `ARG SOURCE_DATE_EPOCH=src\n${stage(`${web.url}dated`)}ARG SOURCE_DATE_EPOCH\nLABEL time=$SOURCE_DATE_EPOCH\n`
  const { imageId } = await workshop.build({ dockerfile: { text } })
  const { created: time, config } = await Bun.file(workshop.store.pathOf(imageId)).json()
  expect([time, config.Labels]).toEqual(['2001-09-09T01:46:40Z', { time: '1000000000' }])
})

test('SOURCE_DATE_EPOCH names a context of a web server, which is transferred once', async () => {
  const contexts = new Map([['far', { kind: 'remote', url: `${web.url}archive` } as const]])
  requests.length = 0
  const used = 'FROM scratch\nCOPY --from=far a /\n'
  expect(await created(used, 'far', contexts)).toBe('2001-09-09T02:03:19Z')
  expect(requests).toEqual(['/archive'])
})

test('SOURCE_DATE_EPOCH names no web server in a locked build, whose lock file has no times', async () => {
  const lock = {
    sources: [{ kind: 'http', url: `${web.url}dated`, digest: sha256('text') }],
  } as const
  const options = { buildArgs: { SOURCE_DATE_EPOCH: 'src' }, lock }
  const building = workshop.build({ dockerfile: { text: stage(`${web.url}dated`) }, ...options })
  await expect(building).rejects.toThrow('Cannot use the time of a web server')
})

test('SOURCE_DATE_EPOCH names nothing else', async () => {
  const near = await workshop.context('near', { a: '' })
  const contexts = new Map<string, NamedContext>([
    ['near', { kind: 'directory', path: near }],
    ['image', { kind: 'image', reference: 'busybox' }],
  ])
  const cannot = async (text: string, epoch: string, reason: string): Promise<void> => {
    const building = created(text, epoch, contexts)
    await expect(building).rejects.toThrow(`Cannot use SOURCE_DATE_EPOCH=${epoch}: ${reason}`)
  }
  await cannot(last, 'yesterday', 'it is neither a number of seconds since 1970 nor a context')
  await cannot(last, 'near', 'the source near has no time')
  await cannot(last, 'image', 'the source image has no time')
  await cannot(stage(`${web.url}plain`), 'src', 'the source src has no time')
  await cannot(stage('a'), 'src', 'the source src has no time')
  const two = `FROM scratch AS src\nADD ${web.url}dated ${web.url}archive /\n${last}`
  await cannot(two, 'src', 'the stage is not FROM scratch with one ADD of one URL')
  const more = stage(`${web.url}dated`).replace(last, `ENV a=b\n${last}`)
  await cannot(more, 'src', 'the stage is not FROM scratch with one ADD of one URL')
})

describe.skipIf(gitMissing !== undefined)(`and repositories (${gitMissing ?? 'served'})`, () => {
  let server: GitServer
  beforeAll(() => {
    new TestRepository(`${workshop.path}/repositories/app.git`).commit({ a: 'a' })
    server = serveGit(`${workshop.path}/repositories`)
  })
  afterAll(() => server[Symbol.dispose]())

  test('SOURCE_DATE_EPOCH names a stage or a context of a repository: the commit counts', async () => {
    const url = `${server.url}/app.git`
    expect(await created(stage(url), 'src')).toBe('2020-09-13T12:43:20Z')
    const contexts = new Map([['far', { kind: 'remote', url } as const]])
    expect(await created(last, 'far', contexts)).toBe('2020-09-13T12:43:20Z')
  })

  test('mtime=checkout gives files the time of the checkout, and mtime=commit that of the commit', async () => {
    const timeOf = async (query: string): Promise<number> => {
      const context = `${server.url}/app.git${query}`
      const dockerfile = { text: 'FROM scratch\nCOPY a /\n' }
      const built = await workshop.build({ context, dockerfile, timestamp: 'now', noCache: true })
      const [layer] = built.layers
      if (layer === undefined) throw new Error('there is no layer')
      const entries = readTar(workshop.store.read(layer.descriptor))
      const [time = 0] = await Array.fromAsync(entries, ({ mtime }) => mtime)
      return time
    }
    const commit = Date.parse('2020-09-13T12:43:20Z') / 1000
    expect(await timeOf('?mtime=commit')).toBe(commit)
    expect(await timeOf('')).toBe(commit)
    expect(await timeOf('?mtime=checkout')).toBeGreaterThan(Date.now() / 1000 - 600)
  })
})
