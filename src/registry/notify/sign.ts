import { createHmac } from 'node:crypto'
import { StrakeError } from '#oci'

/** What a signature is made of, besides the secrets. */
export interface Signed {
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: string
}

/**
 * Returns the secrets in the text of a file, one a line. With two, the receiver may be changed from
 * one to the other. Throws `INVALID` for one that can be guessed.
 */
export function parseSecrets(text: string): readonly Buffer[] {
  const lines = text.split('\n').map((line) => line.trim())
  const secrets = lines.filter((line) => line !== '').map(parseSecret)
  if (secrets.length > 0) return secrets
  throw new StrakeError('INVALID', 'Cannot sign events: the file has no secret')
}

function parseSecret(line: string): Buffer {
  const secret = line.startsWith('whsec_')
    ? Buffer.from(line.slice('whsec_'.length), 'base64')
    : Buffer.from(line)
  if (secret.length >= 16) return secret
  throw new StrakeError('INVALID', 'Cannot sign events: a secret has less than 16 bytes', {
    remedy: 'write whsec_ and the output of: openssl rand -base64 32',
  })
}

/**
 * Returns the value of `webhook-signature`: one signature for each secret.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatures(secrets: readonly Buffer[], { id, timestamp, body }: Signed): string {
  return secrets
    .map((secret) => createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`))
    .map((hmac) => `v1,${hmac.digest('base64')}`)
    .join(' ')
}
