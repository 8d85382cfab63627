import type { Facts, ImageDifference } from './difference.ts'
import { compareFacts } from './difference.ts'

/** Values nested deeper than this are compared as text. The documents have five levels. */
const deepest = 16

/**
 * Compares two JSON documents member by member. Variables of an environment are compared by name,
 * and members of other lists by position.
 */
export function compareDocuments(
  part: ImageDifference['part'],
  before: unknown,
  after: unknown,
): readonly ImageDifference[] {
  const [then, now] = [flatten(before), flatten(after)]
  const paths = [...new Set([...then.keys(), ...now.keys()])].sort()
  const facts = (value: string | undefined): Facts => (value === undefined ? {} : { value })
  return paths.flatMap((path) =>
    compareFacts(part, path, facts(then.get(path)), facts(now.get(path))),
  )
}

function flatten(document: unknown): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  const add = (value: unknown, path: readonly string[]): void => {
    const name = path.join('.')
    if (typeof value !== 'object' || value === null || path.length >= deepest) {
      found.set(name, typeof value === 'string' ? value : JSON.stringify(value))
      return
    }
    if (Array.isArray(value)) {
      const isEnv = path.at(-1) === 'Env' && value.every((each) => typeof each === 'string')
      if (value.length === 0) found.set(name, '[]')
      for (const [index, each] of value.entries()) {
        if (!isEnv) add(each, [...path, String(index)])
        else {
          const at = String(each).indexOf('=')
          add(String(each).slice(at + 1), [...path, String(each).slice(0, at)])
        }
      }
      return
    }
    const members = Object.entries(value)
    if (members.length === 0) found.set(name, '{}')
    for (const [member, each] of members) add(each, [...path, member])
  }
  add(document, [])
  return found
}
