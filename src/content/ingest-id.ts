import { StrakeError } from '#oci'

/** `id` if it is safe as a file name; throws `INVALID`. */
export function checkIngestId(id: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(id)) return id
  throw new StrakeError('INVALID', `Cannot use ingest id ${JSON.stringify(id.slice(0, 210))}`)
}
