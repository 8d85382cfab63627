import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildServer, clientsMissing, openBuildServer } from './buildkit-client.ts'
import { writeContext } from './busybox.ts'
import type { Outcome } from './strake.ts'

const reason = clientsMissing('docker', 'docker-buildx')
if (reason) console.info(`skipped: caches and layouts of buildx: ${reason}`)

describe.skipIf(reason !== undefined)('stores of blobs of docker buildx build', () => {
  let server: BuildServer
  let count = 0
  beforeAll(async () => {
    server = await openBuildServer()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const place = (name: string): string => join(server.strake.directory, name)
  const build = async (dockerfile: string, ...args: readonly string[]): Promise<Outcome> => {
    const context = await writeContext(place(`content-${count++}`), { Dockerfile: dockerfile })
    return await server.buildx(['build', '--progress', 'plain', ...args, context])
  }

  test('--cache-to and --cache-from type=local keep steps in a directory of the client', async () => {
    const dockerfile = 'FROM busybox\nRUN head -c 100000 /dev/urandom >/random\n'
    const cache = place('cache')
    const read = async (): Promise<string> =>
      await server.strake.ok('run', '--rm', 'cached', 'busybox', 'md5sum', '/random')
    const first = await build(dockerfile, '-t', 'cached', '--cache-to', `type=local,dest=${cache}`)
    expect([first.exitCode, first.stderr]).toEqual([0, expect.stringContaining('exporting cache')])
    const index = JSON.parse(readFileSync(join(cache, 'index.json'), 'utf8')) as {
      manifests: readonly { digest: string }[]
    }
    expect(index.manifests).toHaveLength(1)
    const sum = await read()
    await server.strake.ok('image', 'rm', '-f', 'cached')
    await server.strake.ok('builder', 'prune', '-af')
    const from = ['--cache-from', `type=local,src=${cache}`]
    const again = await build(dockerfile, '-t', 'cached', ...from)
    expect([again.exitCode, again.stderr]).toEqual([0, expect.stringContaining('CACHED')])
    expect(await read()).toBe(sum)
  }, 60_000)

  test('a cache whose directory the client does not have is left out', async () => {
    const from = ['--cache-from', `type=local,src=${place('absent')}`]
    expect((await build('FROM busybox\nRUN true\n', ...from)).exitCode).toBe(0)
  })

  test('--build-context NAME=oci-layout://DIRECTORY is an image of the client', async () => {
    const layout = place('layout')
    const files = 'FROM busybox\nRUN echo from the layout >/word\n'
    const exported = `type=oci,tar=false,dest=${layout}`
    expect((await build(files, '-t', 'base:1', '-o', exported)).exitCode).toBe(0)
    const { exitCode, stderr } = await build(
      'FROM base\nRUN cat /word\n',
      '--no-cache',
      '--build-context',
      `base=oci-layout://${layout}:1`,
    )
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('from the layout')])
  })
})
