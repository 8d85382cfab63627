import type { LabelCondition } from '#engine/filter/labels'
import { StrakeError } from '#oci'

/** A list that conditions narrow, and the conditions it accepts. */
export interface ConditionTable<Key extends string> {
  /** `filter images`: completes "Cannot ... by". */
  readonly action: string
  readonly keys: readonly Key[]
  /** How to write the conditions. */
  readonly remedy: string
}

/** The values of Docker's conditions `KEY=VALUE`, by key. Throws `INVALID` for an unknown key. */
export function groupConditions<Key extends string>(
  words: readonly string[],
  { action, keys, remedy }: ConditionTable<Key>,
): ReadonlyMap<Key, readonly string[]> {
  const groups = new Map<Key, string[]>()
  for (const word of words) {
    const at = word.indexOf('=')
    const key = keys.find((known) => known === word.slice(0, at))
    if (key === undefined) {
      throw new StrakeError(
        'INVALID',
        `Cannot ${action} by '${word}': invalid filter '${word.replace(/=.*/s, '')}'`,
        {
          remedy,
        },
      )
    }
    groups.set(key, [...(groups.get(key) ?? []), word.slice(at + 1)])
  }
  return groups
}

/** Reads `KEY` or `KEY=VALUE`. */
export function parseLabelCondition(text: string): LabelCondition {
  const at = text.indexOf('=')
  return at < 0 ? { key: text } : { key: text.slice(0, at), value: text.slice(at + 1) }
}

/** Reads `dangling`. Accepts fewer words than a switch, as Docker's filters do. Throws `INVALID`. */
export function parseDangling(
  text: string,
  { action }: Pick<ConditionTable<string>, 'action'>,
): boolean {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw new StrakeError('INVALID', `Cannot ${action} by 'dangling=${text}': expected true or false`)
}
