import { sha256 } from '#oci'

/** Longer values are shown by their digest. */
const longest = 100

/** A value as one short line. */
export function shorten(text: string): string {
  if (text.length <= longest && !/[\r\n]/.test(text)) return text
  return shortHash(text)
}

/** Names that usually have secrets, as in the rule SecretsUsedInArgOrEnv. */
const secretName = /apikey|auth|credential|key|password|pword|passwd|secret|token/i

/** The value of a variable. The value of one that may be secret is shown by its digest. */
export function shortenVariable(name: string, value: string): string {
  return secretName.test(name) ? shortHash(value) : shorten(value)
}

function shortHash(text: string): string {
  return sha256(text).slice(0, 'sha256:'.length + 12)
}
