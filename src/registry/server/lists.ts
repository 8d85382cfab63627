import { type Descriptor, isStrakeError, mediaType } from '#oci'
import { pullScope } from '../auth/scope.ts'
import { type Endpoint, formatEndpoint, type Page } from '../endpoints.ts'
import type { Context } from './context.ts'
import { reply, replyJson } from './reply.ts'

const maxTags = 10_000
const maxRepositories = 1_000
const maxReferrers = 1_000
const maxIndexSize = 4 * 1024 * 1024

export async function listTags(
  context: Context,
  _request: Request,
  endpoint: Extract<Endpoint, { kind: 'tags' }>,
): Promise<Response> {
  const { repository, page } = endpoint
  const names = context.registry.repository(repository).tags(after(page))
  const { items, next } = await takePage(names, page, maxTags)
  const link = next === undefined ? undefined : { ...endpoint, page: next }
  return replyJson(200, { name: repository, tags: items }, linkTo(link))
}

export async function listRepositories(
  context: Context,
  _request: Request,
  endpoint: Extract<Endpoint, { kind: 'catalog' }>,
): Promise<Response> {
  const { page } = endpoint
  const names = visible(context, context.registry.repositories(after(page)))
  const { items, next } = await takePage(names, page, maxRepositories)
  const link = next === undefined ? undefined : { ...endpoint, page: next }
  return replyJson(200, { repositories: items }, linkTo(link))
}

/** Yields the repositories that the sender may pull. */
async function* visible({ grant }: Context, names: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const name of names) {
    const isSeen = grant.sees === undefined ? grant.may(pullScope(name)) : grant.sees(name)
    if (await isSeen) yield name
  }
}

/** Answers with an index, which is empty for a subject without referrers. */
export async function listReferrers(
  context: Context,
  request: Request,
  endpoint: Extract<Endpoint, { kind: 'referrers' }>,
): Promise<Response> {
  const { repository, digest, artifactType, page } = endpoint
  const limit = Math.min(page.n ?? maxReferrers, maxReferrers)
  const filter = artifactType === undefined ? {} : { artifactType }
  const all = context.registry
    .repository(repository)
    .referrers(digest, { ...filter, after: page.last, signal: request.signal })
  const { manifests, more } = await takeReferrers(all, limit)
  const last = manifests.at(-1)?.digest
  const link = more && last !== undefined ? { ...endpoint, page: { ...page, last } } : undefined
  return reply(
    200,
    {
      'Content-Type': mediaType.ociIndex,
      'OCI-Filters-Applied': artifactType === undefined ? undefined : 'artifactType',
      ...linkTo(link),
    },
    JSON.stringify({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests }),
  )
}

async function takeReferrers(
  all: AsyncIterable<Descriptor>,
  limit: number,
): Promise<{ readonly manifests: readonly Descriptor[]; readonly more: boolean }> {
  const manifests: Descriptor[] = []
  const room = maxIndexSize - 1024
  let size = 0
  try {
    for await (const each of all) {
      const shown = sizeOf(each) > room ? withoutAnnotations(each) : each
      size += sizeOf(shown)
      const full = manifests.length >= limit || size > room
      if (full) return { manifests, more: manifests.length > 0 }
      manifests.push(shown)
    }
  } catch (error) {
    if (!isStrakeError(error, 'NAME_UNKNOWN', 'MANIFEST_UNKNOWN')) throw error
  }
  return { manifests, more: false }
}

/** Returns the bytes of a descriptor in the list, with its comma. */
function sizeOf(descriptor: Descriptor): number {
  return Buffer.byteLength(JSON.stringify(descriptor)) + 1
}

/** Removes the annotations of a descriptor that is too large for a list. */
function withoutAnnotations({ annotations: _, ...descriptor }: Descriptor): Descriptor {
  return descriptor
}

/** Returns one page, with at most the requested number of entries and at most `max`. */
async function takePage(
  names: AsyncIterable<string>,
  page: Page,
  max: number,
): Promise<{ readonly items: readonly string[]; readonly next: Page | undefined }> {
  const limit = Math.min(page.n ?? max, max)
  const items: string[] = []
  for await (const name of names) {
    if (items.length === limit) {
      const last = items.at(-1)
      return { items, next: last === undefined ? undefined : { n: limit, last } }
    }
    items.push(name)
  }
  return { items, next: undefined }
}

function after(page: Page): { readonly after?: string } {
  return page.last === undefined ? {} : { after: page.last }
}

function linkTo(endpoint: Endpoint | undefined): { readonly Link?: string } {
  return endpoint === undefined ? {} : { Link: `<${formatEndpoint(endpoint)}>; rel="next"` }
}
