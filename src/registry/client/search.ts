import { parseJson, StrakeError } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { discard } from '../http/transport.ts'
import type { FoundRepository } from '../registry.ts'
import type { Connection } from './connection.ts'

/** Bytes of an answer: 100 results with descriptions have less than 100 KB. */
const mostBytes = 4 * 1024 * 1024

/** The host of Docker Hub's index, which is not that of its registry. */
const hubIndex = 'https://index.docker.io'

/**
 * Asks for repositories by the first version of Docker's API, which Docker Hub and some registries
 * have. Returns `undefined` when the registry does not have it. Results that are malformed are left
 * out.
 */
export async function searchRepositories(
  connection: Connection,
  term: string,
  { limit, signal }: { readonly limit: number; readonly signal?: AbortSignal | undefined },
): Promise<readonly FoundRepository[] | undefined> {
  const what = `search ${connection.host} for ${JSON.stringify(term)}`
  const query = new URLSearchParams({ q: term, n: String(limit) })
  const path = `/v1/search?${query}`
  const isHub = connection.host === 'docker.io'
  const to = isHub ? new URL(path, hubIndex) : connection.resolve(path)
  const absent = isHub ? [] : [400, 404, 405, 501]
  const response = await connection.request({ method: 'GET', to, scopes: [], what, signal }, [
    200,
    ...absent,
  ])
  if (response.status !== 200) {
    await discard(response)
    return undefined
  }
  const raw = await toBuffer(response.body ?? fromBuffer(new Uint8Array()), mostBytes, what)
  const { results } = parseJson(raw, what) as { readonly results?: unknown }
  if (!Array.isArray(results)) {
    throw new StrakeError('UNAVAILABLE', `Cannot ${what}: the answer has no results`)
  }
  return results.slice(0, limit).flatMap(readResult)
}

function readResult(value: unknown): readonly FoundRepository[] {
  if (typeof value !== 'object' || value === null) return []
  const fields = value as Readonly<Record<string, unknown>>
  const { name, description, star_count: stars } = fields
  if (typeof name !== 'string') return []
  return [
    {
      name,
      description: typeof description === 'string' ? description : '',
      stars: typeof stars === 'number' && Number.isSafeInteger(stars) ? stars : 0,
      isOfficial: fields['is_official'] === true,
      isAutomated: fields['is_automated'] === true,
    },
  ]
}
