import { StrakeError } from './error.ts'

/** `algorithm:hex`. Made only by `parseDigest` or a hash, so it is safe in a path. */
export type Digest = `sha256:${string}` | `sha384:${string}` | `sha512:${string}`

export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512'

/** The number of hexadecimal digits for each accepted algorithm. */
const hexLength: ReadonlyMap<string, number> = new Map<DigestAlgorithm, number>([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
])

/**
 * True for a digest that strake can verify. Refuses upper case, other lengths and other algorithms,
 * so that a digest can safely become part of a path or URL.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
export function isDigest(text: string): text is Digest {
  return reasonAgainst(text) === undefined
}

/** Throws `DIGEST_INVALID`. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new StrakeError(
    'DIGEST_INVALID',
    `Cannot use digest ${JSON.stringify(text.slice(0, 160))}: ${reasonAgainst(text)}`,
  )
}

/** Only the hexadecimal digits. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  if (digest.startsWith('sha256:')) return 'sha256'
  return digest.startsWith('sha384:') ? 'sha384' : 'sha512'
}

function reasonAgainst(text: string): string | undefined {
  const colon = text.indexOf(':')
  if (colon < 1) return 'it is not of the form algorithm:hex'
  const algorithm = text.slice(0, colon)
  const length = hexLength.get(algorithm)
  if (length === undefined) return `the algorithm is not ${[...hexLength.keys()].join(', ')}`
  const hex = text.slice(colon + 1)
  if (hex.length !== length) return `${algorithm} has ${length} digits, not ${hex.length}`
  return /^[0-9a-f]*$/.test(hex) ? undefined : 'only the digits 0-9 and a-f are allowed'
}
