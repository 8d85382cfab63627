import { StrakeError } from '#oci'
import { toBuffer } from '#stream'
import type { Endpoint } from '../endpoints.ts'
import type { ApiRequest, Connection } from './connection.ts'

const maxPages = 10_000
const maxTotal = 64 * 1024 * 1024

/**
 * Yields the pages of a listing, one body each. A registry chooses the address of the next
 * page, so it must be on the registry itself and must be new. The number and the total
 * size of pages are limited.
 */
export async function* pages(
  connection: Connection,
  request: ApiRequest & { readonly to: Endpoint },
): AsyncGenerator<{ readonly raw: Uint8Array; readonly response: Response }> {
  const seen = new Set<string>()
  let url: URL | undefined = connection.resolve(request.to)
  let left = maxTotal
  while (url !== undefined) {
    if (seen.has(url.href)) throw pagingError(request.what, 'its pages go round in a circle')
    if (seen.size >= maxPages) throw pagingError(request.what, `more than ${maxPages} pages`)
    seen.add(url.href)
    const response: Response = await connection.request({ ...request, to: url }, [200])
    const raw: Uint8Array = await toBuffer(response.body ?? empty(), left)
    left -= raw.byteLength
    yield { raw, response }
    url = nextPage(connection, request.what, url, response.headers.get('Link'))
  }
}

function nextPage(
  connection: Connection,
  what: string,
  from: URL,
  link: string | null,
): URL | undefined {
  const match = /<([^>]*)>\s*;[^,]*\brel\s*=\s*"?next"?/i.exec(link ?? '')
  if (match === null) return undefined
  const next = URL.canParse(match[1] ?? '', from.href) ? new URL(match[1] ?? '', from) : undefined
  if (next === undefined || !connection.isOwn(next) || next.username !== '') {
    throw pagingError(what, 'the next page is on another host')
  }
  return next
}

/** Yields the strings under `key` of every page, such as tags or repository names. */
export async function* listStrings(
  connection: Connection,
  request: ApiRequest & { readonly to: Endpoint },
  key: string,
): AsyncGenerator<string> {
  for await (const { raw } of pages(connection, request)) {
    const names = parsePage(request.what, raw)[key]
    if (names === null || names === undefined) continue
    if (!Array.isArray(names)) throw pagingError(request.what, `${key} is not a list`)
    for (const name of names) if (typeof name === 'string') yield name
  }
}

function parsePage(what: string, raw: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(raw))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (cause) {
    throw new StrakeError('UNAVAILABLE', `Cannot ${what}: the answer is not JSON`, { cause })
  }
}

function pagingError(what: string, reason: string): StrakeError {
  return new StrakeError('UNAVAILABLE', `Cannot ${what}: ${reason}`)
}

async function* empty(): AsyncGenerator<Uint8Array> {}
