import { StrakeError } from '#oci'
import { parseTime } from './time.ts'

/** What a prune may be narrowed by: age, and labels. */
export interface PruneSubject {
  /** Milliseconds since 1970. */
  readonly created: number
  readonly labels: Readonly<Record<string, string>>
}

export type PruneFilter = (subject: PruneSubject) => boolean

/**
 * Docker's conditions `until=24h`, `label=KEY[=VALUE]` and `label!=KEY[=VALUE]`;
 * all must hold. Throws `INVALID` for any other.
 */
export function parsePruneFilters(words: readonly string[]): PruneFilter {
  const tests = words.map(parseOne)
  return (subject) => tests.every((test) => test(subject))
}

function parseOne(word: string): PruneFilter {
  const [, key, value = ''] = /^(until|label!?)=(.+)$/s.exec(word) ?? []
  if (key === 'until') {
    const before = parseTime('--filter until', value).getTime()
    return ({ created }) => created < before
  }
  if (key === 'label') return ({ labels }) => hasLabel(labels, value)
  if (key === 'label!') return ({ labels }) => !hasLabel(labels, value)
  throw new StrakeError('INVALID', `Cannot prune by '${word}': unknown condition`, {
    remedy: 'use until=24h, label=KEY[=VALUE] or label!=KEY[=VALUE]',
  })
}

/** Whether labels have `KEY`, or `KEY=VALUE`. */
export function hasLabel(labels: Readonly<Record<string, string>>, condition: string): boolean {
  const at = condition.indexOf('=')
  const key = at < 0 ? condition : condition.slice(0, at)
  return Object.hasOwn(labels, key) && (at < 0 || labels[key] === condition.slice(at + 1))
}
