import { StrakeError } from '#oci'

/** The error for a flag with an invalid value. A value with blanks or control characters is quoted. */
export function refuse(flag: string, text: string, reason: string): StrakeError {
  const shown = /^[!-~]+$/.test(text) ? text : JSON.stringify(text)
  return new StrakeError('INVALID', `Cannot use ${flag} ${shown}: ${reason}`)
}
