import { type Digest, StrakeError } from '#oci'

const anonymous = 'anonymous.'

/** For an ingest that nobody will ask to resume. */
export function anonymousId(): string {
  return anonymous + crypto.randomUUID()
}

export function isAnonymousId(id: string): boolean {
  return id.startsWith(anonymous)
}

/** `id` if it is safe as a file name; throws `INVALID`. */
export function checkIngestId(id: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(id)) return id
  throw new StrakeError('INVALID', `Cannot use ingest id ${JSON.stringify(id.slice(0, 210))}`)
}

/** Under which everybody who receives this content does so, one at a time. */
export function ingestIdOf(digest: Digest): string {
  return digest.replace(':', '-')
}
