import { object, textMap } from '#docker/bodies/fields'
import { ApiError } from '../failure.ts'

/** The words of a list between commas. */
export function wordsOf(text = ''): readonly string[] {
  return text.split(',').filter((word) => word !== '')
}

/** A JSON object of texts; `null` is an argument whose value the server does not know. */
export function mapOf(
  name: string,
  text: string | undefined,
): ReadonlyMap<string, string> | undefined {
  if (text === undefined) return undefined
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new ApiError(400, `error reading ${name}: it is no JSON`)
  }
  const fields = object({ [name]: document }, name) ?? {}
  const known = Object.entries(fields).filter(([, value]) => value !== null)
  return new Map(Object.entries(textMap({ [name]: Object.fromEntries(known) }, name) ?? {}))
}
