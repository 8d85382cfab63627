import { afterAll, beforeAll, expect, test } from 'bun:test'
import { openTestEngine, type TestEngine } from '../../engine/testing/fixture.ts'
import { packTar } from '../../tar/index.ts'
import { solveRequest } from '../build/solve-request.ts'
import { Sessions } from '../client/sessions.ts'
import { readQuery } from '../query.ts'
import type { Builds } from './builds.ts'
import { createBuildkit } from './methods.ts'

let engine: TestEngine
let builds: Builds
beforeAll(async () => {
  engine = await openTestEngine()
  builds = createBuildkit(engine, { sessions: new Sessions(), begin: () => () => {} }).builds
})
afterAll(() => engine[Symbol.asyncDispose]())

const { signal } = new AbortController()
const file = (path: string, text: string) => ({ path, body: Buffer.from(text) })

async function* archiveOf(dockerfile: string): AsyncGenerator<Uint8Array> {
  yield await packTar([file('Dockerfile', dockerfile), file('a', 'text')])
}

const request = (parameters: Record<string, string> = {}) =>
  solveRequest(readQuery(new URLSearchParams(parameters)))

test('start() builds an archive without a session, and tells of the image', async () => {
  const build = builds.start(request({ t: 'built' }), archiveOf('FROM scratch\nCOPY a /\n'), signal)
  const names: string[] = []
  for await (const { vertexes = [] } of build.status) {
    names.push(...vertexes.map(({ name = '' }) => name))
  }
  expect(names).toContain('[1/1] COPY a /')
  expect(await build.result).toMatchObject({
    'containerimage.digest': expect.stringMatching(/^sha256:/),
    'image.name': 'docker.io/library/built:latest',
  })
})

test('start() fails with the line of the mistake, and refuses what only a session has', async () => {
  const wrong = builds.start(request(), archiveOf('FROM scratch\nCOPYY a b\n'), signal)
  await expect(wrong.result).rejects.toMatchObject({ code: 'UNKNOWN', details: [{}] })
  const local = builds.start(request({ remote: 'client-session' }), undefined, signal)
  await expect(local.result).rejects.toThrow('the client has no session')
})

test('start() ends when the client leaves', async () => {
  const abort = new AbortController()
  async function* endless(): AsyncGenerator<Uint8Array> {
    abort.abort(new Error('left'))
    yield new Uint8Array(512)
    await new Promise(() => {})
  }
  const build = builds.start(request(), endless(), abort.signal)
  await Array.fromAsync(build.status)
})

test('takeUpload() gets the archive of another request, whichever comes first', async () => {
  for (const isEarly of [true, false]) {
    const offer = () => builds.offerUpload('id', archiveOf('FROM scratch\n'), signal)
    const early = isEarly ? offer() : undefined
    const taken = builds.takeUpload('id', signal)
    const offered = early ?? offer()
    expect((await Array.fromAsync(await taken)).length).toBe(1)
    await offered
  }
})
