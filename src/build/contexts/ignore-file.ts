import { type IgnoreMatcher, PatternError, parseIgnore } from '#dockerfile'
import { StrakeError } from '#oci'

/** Parses the text of an ignore file; without a file nothing is ignored. Throws `INVALID`. */
export function parseIgnoreFile(text: string | undefined): IgnoreMatcher | undefined {
  if (text === undefined) return undefined
  try {
    return parseIgnore(text)
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause
    throw new StrakeError('INVALID', `Cannot read .dockerignore: ${cause.message}`, { cause })
  }
}
