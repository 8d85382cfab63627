import { StrakeError } from '#oci'

/** A flag whose value cannot be used; the value is quoted where it could be misread. */
export function refuse(flag: string, text: string, reason: string): StrakeError {
  const shown = /^[!-~]+$/.test(text) ? text : JSON.stringify(text)
  return new StrakeError('INVALID', `Cannot use ${flag} ${shown}: ${reason}`)
}
