import { expect, test } from 'bun:test'
import { type Descriptor, limits, mediaType, parseIndex, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import type { FetchHandler, Repository } from '../registry.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { referrersTag } from '../store/referrer.ts'
import { index, type ManifestOptions, manifest } from '../testing/fixtures.ts'
import { createRegistryHandler } from './handler.ts'

const subject = manifest({ annotations: { name: 'subject' } })

/** Opens a repository with a subject. Returns a function that attaches manifests to it. */
async function openApp() {
  const registry = createMemoryRegistry()
  const repository = registry.repository('app')
  await repository.write(subject.descriptor, fromBuffer(subject.raw))
  const attach = async (options: ManifestOptions): Promise<Descriptor> => {
    const { descriptor, raw } = manifest({ subject: subject.descriptor, ...options })
    await repository.write(descriptor, fromBuffer(raw))
    return descriptor
  }
  return { repository, attach, handler: createRegistryHandler(registry) }
}

/** Follows the links from page to page; `before` is called in front of every page. */
async function readPages(
  handler: FetchHandler,
  query: string,
  before: (page: number, last: Descriptor | undefined) => Promise<void> = async () => {},
): Promise<readonly (readonly Descriptor[])[]> {
  const pages: (readonly Descriptor[])[] = []
  let path: string | undefined = `/v2/app/referrers/${subject.descriptor.digest}${query}`
  while (path !== undefined) {
    await before(pages.length, pages.at(-1)?.at(-1))
    const response = await handler(new Request(`http://localhost${path}`))
    const raw = await response.bytes()
    expect(response.status).toBe(200)
    expect(raw.length).toBeLessThanOrEqual(limits.manifestSize)
    pages.push(parseIndex(raw, mediaType.ociIndex).manifests)
    path = /<(.*)>/.exec(response.headers.get('Link') ?? '')?.[1]
  }
  return pages
}

const digestsOf = (pages: readonly (readonly Descriptor[])[]): string[] =>
  pages.flat().map(({ digest }) => digest)

test('thousands of referrers are listed once each, in pages of a thousand', async () => {
  const { attach, handler } = await openApp()
  const attached = await Promise.all(
    Array.from({ length: 2500 }, (_, at) =>
      attach({ artifactType: at % 5 === 0 ? 'a/five' : 'a/b', annotations: { at: String(at) } }),
    ),
  )
  const pages = await readPages(handler, '')
  expect(pages.map((page) => page.length)).toEqual([1000, 1000, 500])
  expect(digestsOf(pages)).toEqual(attached.map(({ digest }) => digest).sort())
  const some = await readPages(handler, '?n=300&artifactType=a%2Ffive')
  expect(some.map((page) => page.length)).toEqual([300, 200])
})

test('a page reads no entries of earlier pages', async () => {
  const { attach, handler, repository } = await openApp()
  for (let at = 0; at < 9; at++) await attach({ annotations: { at: String(at) } })
  const all = await Array.fromAsync(repository.referrers(subject.descriptor.digest))
  const registry = createMemoryRegistry()
  const asked: unknown[] = []
  const watched: Repository = Object.assign(registry.repository('app'), {
    async *referrers(_: string, options: { readonly after?: string }) {
      asked.push(options.after)
      yield* all.filter(({ digest }) => digest > (options.after ?? ''))
    },
  })
  const watching = createRegistryHandler({ ...registry, repository: () => watched })
  const [first, second, third] = await readPages(watching, '?n=3')
  expect([first, second, third]).toEqual([all.slice(0, 3), all.slice(3, 6), all.slice(6)])
  expect(asked).toEqual([undefined, all[2]?.digest, all[5]?.digest])
  expect(await readPages(handler, '?n=3')).toEqual([first, second, third].map((page) => page ?? []))
})

test('a list continues after a referrer that was deleted between two pages', async () => {
  const { attach, handler, repository } = await openApp()
  for (let at = 0; at < 7; at++) await attach({ annotations: { at: String(at) } })
  const all = digestsOf(await readPages(handler, ''))
  const pages = await readPages(handler, '?n=2', async (_, last) => {
    if (last !== undefined) await repository.delete(last)
  })
  expect(digestsOf(pages)).toEqual(all)
  expect(digestsOf(await readPages(handler, ''))).toEqual(all.filter((_, at) => at % 2 === 0))
})

test('large annotations fill pages of 4 MiB, counted in bytes', async () => {
  const { attach, handler } = await openApp()
  const attached = await Promise.all(
    Array.from({ length: 12 }, (_, at) =>
      attach({ annotations: { at: String(at), text: '漢'.repeat(300_000) } }),
    ),
  )
  const pages = await readPages(handler, '')
  expect(pages.map((page) => page.length)).toEqual([4, 4, 4])
  expect(digestsOf(pages)).toEqual(attached.map(({ digest }) => digest).sort())
})

test('a referrer too large for any list is listed without its annotations', async () => {
  const { attach, handler } = await openApp()
  const text = 'x'.repeat(limits.manifestSize - 900)
  const large = await attach({ artifactType: 'a/b', annotations: { text } })
  const small = await attach({ annotations: { text: 'y' } })
  const pages = await readPages(handler, '')
  expect(digestsOf(pages)).toEqual([large.digest, small.digest].sort())
  const listed = pages.flat().find(({ digest }) => digest === large.digest)
  expect(listed).toEqual({ ...large, artifactType: 'a/b' })
})

test('referrers that clients list by tag are sorted among the others', async () => {
  const { attach, handler, repository } = await openApp()
  const attached = []
  for (let at = 0; at < 4; at++) attached.push(await attach({ annotations: { at: String(at) } }))
  const tagged = []
  for (let at = 0; at < 4; at++) {
    const { descriptor, raw } = manifest({ annotations: { tagged: String(at) } })
    await repository.write(descriptor, fromBuffer(raw))
    tagged.push(descriptor)
  }
  const missing = { ...subject.descriptor, digest: sha256(new TextEncoder().encode('missing')) }
  const list = index([...tagged, ...tagged, ...attached, missing])
  await repository.write(list.descriptor, fromBuffer(list.raw))
  await repository.tag(referrersTag(subject.descriptor.digest), list.descriptor)
  const expected = [...attached, ...tagged].map(({ digest }) => digest).sort()
  for (const query of ['', '?n=1', '?n=3']) {
    expect(digestsOf(await readPages(handler, query))).toEqual(expected)
  }
})

test('manifests that name each other as subjects are two short lists', async () => {
  const { attach, handler, repository } = await openApp()
  const first = await attach({ annotations: { first: '' } })
  const second = manifest({ subject: first, annotations: { second: '' } })
  await repository.write(second.descriptor, fromBuffer(second.raw))
  expect(digestsOf(await readPages(handler, ''))).toEqual([first.digest])
  const behind = await Array.fromAsync(repository.referrers(first.digest))
  expect(behind.map(({ digest }) => digest)).toEqual([second.descriptor.digest])
})
