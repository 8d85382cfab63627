import { createHmac } from 'node:crypto'
import type { BlobRequest } from './block-blob.ts'

export interface SharedKey {
  readonly account: string
  /** In base64, as the service shows it. */
  readonly key: string
}

/** Headers that are part of every signature, in this order. An absent one is an empty line. */
const signedHeaders = [
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
] as const

/**
 * Returns the headers of a request to Azure's blob service with its signature.
 *
 * @see https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
 */
export function signBlobRequest(
  { method, url, headers, length }: BlobRequest,
  { account, key }: SharedKey,
  now: Date,
): Readonly<Record<string, string>> {
  const all: Readonly<Record<string, string>> = { ...headers, 'x-ms-date': now.toUTCString() }
  const own = Object.entries(all)
    .filter(([name]) => name.startsWith('x-ms-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.trim()}`)
  const query = [...url.searchParams]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name.toLowerCase()}:${value}`)
  const text = [
    method,
    // No encoding and no language.
    '',
    '',
    length === 0 ? '' : String(length),
    ...signedHeaders.map((name) => all[name] ?? ''),
    ...own,
    [`/${account}${url.pathname}`, ...query].join('\n'),
  ].join('\n')
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64')
  return { ...all, authorization: `SharedKey ${account}:${signature}` }
}
