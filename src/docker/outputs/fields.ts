import { parseBoolean } from '#dockerfile/boolean'
import { splitCsv } from '#dockerfile/csv'
import { suggest } from '#dockerfile/suggest'
import { refuse } from '../flags/refuse.ts'

/** The value of a flag of the form `KEY=VALUE,KEY=VALUE`. */
export interface FlagFields {
  readonly flag: string
  /** The whole value for messages, without secrets. */
  readonly text: string
  readonly fields: ReadonlyMap<string, string>
}

/**
 * Reads `KEY=VALUE,KEY=VALUE` in CSV. Names are in lower case, except those of annotations. Throws
 * `INVALID`.
 */
export function readFields(flag: string, text: string): FlagFields {
  const words = splitCsv(text)
  const shown = hideSecrets(text)
  if (words === undefined) throw refuse(flag, shown, 'a quote is not closed')
  const fields = new Map<string, string>()
  for (const word of words) {
    const equals = word.indexOf('=')
    if (equals < 1) throw refuse(flag, shown, `${word === '' ? 'a field' : word} needs key=value`)
    const name = word.slice(0, equals).trim()
    const key = /^annotation/i.test(name) ? name : name.toLowerCase()
    if (fields.has(key)) throw refuse(flag, shown, `${key} is given twice`)
    fields.set(key, word.slice(equals + 1).trim())
  }
  return { flag, text: shown, fields }
}

/** Replaces the values of keys that are secret. */
function hideSecrets(text: string): string {
  return text.replace(/\b(secret_access_key|session_token|token|ghtoken)=[^,]*/gi, '$1=...')
}

/** Reads a field that is true or false; `undefined` when it is absent. Throws `INVALID`. */
export function readBoolean({ flag, text, fields }: FlagFields, key: string): boolean | undefined {
  const value = fields.get(key)
  const parsed = value === undefined ? undefined : parseBoolean(value)
  if (parsed !== undefined || value === undefined) return parsed
  throw refuse(flag, text, `${key} is true or false`)
}

/** Adds the candidate that was probably meant, or else all candidates. */
export function withGuess(reason: string, word: string, candidates: readonly string[]): string {
  const guess = suggest(word, candidates)
  if (guess !== undefined) return `${reason} (did you mean ${guess}?)`
  return `${reason}; there ${candidates.length === 0 ? 'is none' : `are ${candidates.join(', ')}`}`
}
