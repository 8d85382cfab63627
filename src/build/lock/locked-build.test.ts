import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Digest, formatPlatform, sha256 } from '#oci'
import { hostPlatform } from '#platform'
import { type BuildResult, build } from '../build-image.ts'
import { gitMissing, serveGit, TestRepository } from '../git/testing/git-server.ts'
import type { BuildOptions, ResolveOptions } from '../options.ts'
import { openWorkshop, refusalOf, type Workshop } from '../testing/fixture.ts'
import type { BuildLock } from './lock.ts'
import { lockOf } from './lock-of.ts'

let workshop: Workshop
let context: string
beforeAll(async () => {
  workshop = await openWorkshop()
  context = await workshop.context('context', { a: 'a' })
})
afterAll(() => workshop[Symbol.asyncDispose]())

const platform = formatPlatform(hostPlatform())

interface Attempt {
  readonly result: BuildResult
  /** The URLs that were requested. */
  readonly asked: readonly string[]
  readonly resolved: readonly ResolveOptions[]
}

/** Builds with a web server that answers every request with `body`. */
async function attempt(
  lines: string,
  body: string,
  options: Partial<BuildOptions> = {},
): Promise<Attempt> {
  const asked: string[] = []
  const resolved: ResolveOptions[] = []
  const services = {
    ...workshop.services,
    resolveImage: async (reference: string, wanted: ResolveOptions) => {
      resolved.push(wanted)
      return workshop.services.resolveImage(reference, wanted)
    },
    http: {
      fetch: async (url: string) => {
        asked.push(url)
        return new Response(body)
      },
    },
  }
  const dockerfile = { text: lines }
  const result = await build({ services, context, dockerfile, ...options })
  await result.lease.release()
  return { result, asked, resolved }
}

const lockFrom = ({ result }: Attempt): BuildLock => lockOf(result.provenance)

describe('build() with a lock', () => {
  test('resolves an image to the locked manifest, and refuses one that is not locked', async () => {
    const { descriptor } = await workshop.addImage('base', { f: 'one' })
    const first = await attempt('# syntax=docker/dockerfile:1.7\nFROM base\nCOPY a /\n', '')
    const lock = lockFrom(first)
    expect(lock.sources).toEqual([
      { kind: 'frontend', reference: 'docker/dockerfile:1.7' },
      {
        kind: 'image',
        reference: 'docker.io/library/base:latest',
        platform,
        digest: descriptor.digest,
      },
    ])
    const again = await attempt('FROM base\nCOPY a /\n', '', { lock })
    expect(again.resolved).toMatchObject([{ digest: descriptor.digest }])
    expect(again.result.descriptor.digest).toBe(first.result.descriptor.digest)

    await workshop.addImage('other', {})
    const other = await refusalOf(attempt('FROM other\n', '', { lock }))
    expect(other.message).toContain(
      `Cannot use docker.io/library/other:latest for ${platform}: the lock file does not have it`,
    )
    // This resolver does not look at the digest, as a registry that lies.
    const changed = await workshop.addImage('base', { f: 'two' })
    const moved = await refusalOf(attempt('FROM base\n', '', { lock }))
    expect(moved.message).toContain(
      `Cannot use base: it is ${changed.descriptor.digest} now, and ${descriptor.digest} in the lock file`,
    )
  })

  test('refuses another frontend', async () => {
    const lock: BuildLock = { sources: [{ kind: 'frontend', reference: 'docker/dockerfile:1.7' }] }
    const text = '# syntax=docker/dockerfile:1\nFROM scratch\n'
    await expect(attempt(text, '', { lock })).rejects.toThrow(
      'Cannot use the frontend docker/dockerfile:1: the lock file does not have it',
    )
  })

  test('refuses a file of a web server that changed, and does not ask for one that it has', async () => {
    const lines = 'FROM scratch\nADD https://h/f /\n'
    const first = await attempt(lines, 'one')
    const lock = lockFrom(first)
    const digest: Digest = sha256('one')
    expect(lock.sources).toEqual([{ kind: 'http', url: 'https://h/f', digest }])
    const same = await attempt(lines, 'two', { lock })
    expect([same.asked, same.result.descriptor]).toEqual([[], first.result.descriptor])
    const changed = await refusalOf(attempt(lines, 'two', { lock, noCache: true }))
    expect(changed.message).toContain(
      `Cannot use https://h/f: it is ${sha256('two')} now, and ${digest} in the lock file`,
    )
    const unknown = await refusalOf(attempt('FROM scratch\nADD https://h/g /\n', '', { lock }))
    expect(unknown.message).toContain('Cannot use https://h/g: the lock file does not have it')
  })

  test.skipIf(gitMissing !== undefined)('uses the locked commit of a branch', async () => {
    const directory = `${workshop.path}/repositories`
    const repository = new TestRepository(`${directory}/r.git`)
    const commit = repository.commit({ f: 'one' })
    using server = serveGit(directory)
    const lines = `FROM scratch\nADD ${server.url}/r.git#main /\n`
    const first = await attempt(lines, '')
    const lock = lockFrom(first)
    expect(lock.sources).toEqual([{ kind: 'git', url: `${server.url}/r.git#main`, commit }])
    repository.commit({ f: 'two' })
    const same = await attempt(lines, '', { lock, noCache: true })
    expect(same.result.descriptor).toEqual(first.result.descriptor)
    const newer = await attempt(lines, '')
    expect(newer.result.descriptor).not.toEqual(first.result.descriptor)
  })
})

describe('build() offline', () => {
  test('uses what the store has, and names the file that it would have to download', async () => {
    const lines = 'FROM scratch\nADD https://h/offline /\n'
    const first = await attempt(lines, 'one')
    const same = await attempt(lines, 'two', { offline: true })
    expect([same.asked, same.result.descriptor]).toEqual([[], first.result.descriptor])
    const absent = 'FROM scratch\nADD https://h/absent?key=1 /\n'
    for (const downloads of ['any', 'public'] as const) {
      const { message } = await refusalOf(attempt(absent, '', { offline: true, downloads }))
      expect(message).toMatch(/^Cannot read (?:https:\/\/)?h(?:\/absent)?: the build is offline/)
    }
    expect((await attempt('FROM scratch\n', '', { offline: true })).asked).toEqual([])
  })

  test('reads no repository', async () => {
    const { message } = await refusalOf(
      attempt('FROM scratch\nADD https://h/r.git#main /\n', '', { offline: true }),
    )
    expect(message).toContain('Cannot read https://h/r.git: the build is offline')
    await expect(
      attempt('FROM scratch\n', '', { offline: true, context: 'https://h/c.tar' }),
    ).rejects.toThrow('Cannot read https://h/c.tar: the build is offline')
  })
})
