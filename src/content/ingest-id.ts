import { type Digest, StrakeError } from '#oci'

const anonymous = 'anonymous.'

/** Returns an ID for an ingest that no process will resume. */
export function anonymousId(): string {
  return anonymous + crypto.randomUUID()
}

export function isAnonymousId(id: string): boolean {
  return id.startsWith(anonymous)
}

/** Returns `id` if it is safe as a file name. Throws `INVALID` otherwise. */
export function checkIngestId(id: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(id)) return id
  throw new StrakeError('INVALID', `Cannot use ingest id ${JSON.stringify(id.slice(0, 210))}`)
}

/** Returns the ID of the ingest for this content. One process at a time holds it. */
export function ingestIdOf(digest: Digest): string {
  return digest.replace(':', '-')
}
