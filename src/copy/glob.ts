import { posix } from 'node:path'
import { compareNames } from '#tar'
import { below } from './paths.ts'

/** Whether a path has characters of a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path)
}

/**
 * Returns the paths that match a pattern of a shell, in byte order: `*` and `?` match within a name
 * and no dot at its beginning, `[a-z]` and `[!a-z]` match one character, `\` quotes the next one.
 * `list` returns the names in a directory.
 */
export function expandPattern(
  pattern: string,
  list: (directory: string) => readonly string[],
): readonly string[] {
  const end = /\/\.?$/.exec(pattern)?.[0] ?? ''
  let found: readonly string[] = ['/']
  for (const part of posix.resolve('/', pattern).split('/').slice(1)) {
    const matches = isPattern(part) ? nameMatcher(part) : undefined
    found = found.flatMap((directory) => {
      const names = list(directory)
      const chosen =
        matches === undefined ? names.filter((name) => name === part) : names.filter(matches)
      return chosen.toSorted(compareNames).map((name) => below(directory, name))
    })
  }
  return found.map((path) => `${path}${end}`)
}

function nameMatcher(pattern: string): (name: string) => boolean {
  const pieces = [...pattern.matchAll(/\\(.)|\[([!^]?)(\]?[^\]]*)\]|([*?])|(.)/gsu)]
  const source = pieces.map(([, quoted, negation, set, wild, plain]) => {
    if (wild === '*') return '.*'
    if (wild === '?') return '.'
    if (set !== undefined) return `[${negation ? '^' : ''}${set.replaceAll(/[\\\][^]/g, '\\$&')}]`
    return RegExp.escape(quoted ?? plain ?? '')
  })
  const expression = new RegExp(`^${source.join('')}$`, 'su')
  const hidden = pattern.startsWith('.')
  return (name) => expression.test(name) && (hidden || !name.startsWith('.'))
}
