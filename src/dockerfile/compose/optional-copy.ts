import type { TextEdit } from '../fix/edits.ts'
import { replace, restWords } from '../fix/simple-fixes.ts'
import { hasWildcard } from '../ignore/glob.ts'
import { isOptional } from '../instructions/extensions.ts'
import { parseJsonForm } from '../instructions/words.ts'
import { Problem } from '../problem.ts'
import type { Statement } from '../statements.ts'

/**
 * Returns the edits that make an ordinary COPY of `COPY --optional`, none for another instruction.
 * A source becomes a pattern that only its own name matches, such as `confi[g]`, because a pattern
 * without a match is no error.
 */
export function optionalCopy(statement: Statement): TextEdit[] {
  const { keyword, flags, flagSpans, restAt, text, rest } = statement
  const index = keyword === 'COPY' ? flags.findIndex(isOptional) : -1
  const span = flagSpans[index]
  if (span === undefined) return []
  const end = flagSpans[index + 1]?.start ?? restAt
  const edits = [replace(statement, { start: span.start, end }, '')]
  if (flags[index] === '--optional=false') return edits
  const paths = parseJsonForm(rest)
  if (paths !== undefined) {
    const sources = [...paths.slice(0, -1).map((path) => asPattern(path)), ...paths.slice(-1)]
    const json = `[${sources.map((path) => JSON.stringify(path)).join(', ')}]`
    return [...edits, replace(statement, { start: restAt, end: text.length }, json)]
  }
  const isHeredoc = (start: number): boolean =>
    statement.markers.some(
      (marker) => start >= restAt + marker.start && start < restAt + marker.end,
    )
  const sources = restWords(statement)
    .slice(0, -1)
    .filter(({ start }) => !isHeredoc(start))
  return [...edits, ...sources.map((word) => replace(statement, word, asPattern(word.text)))]
}

/**
 * Returns a pattern that matches only the path. The first name has the wildcard, because BuildKit
 * looks up the names before it, and fails without them.
 */
function asPattern(path: string): string {
  if (hasWildcard(path)) return path
  const variables = [...path.matchAll(/\$(?:\{[^}]*\}|\w+)/g)].map(({ index, 0: text }) => ({
    start: index,
    end: index + text.length,
  }))
  const free = [...path.matchAll(/\w/g)]
    .map(({ index }) => index)
    .filter((at) => !variables.some(({ start, end }) => at >= start && at < end))
  const slash = path.indexOf('/', free[0])
  const at = free.findLast((each) => slash < 0 || each < slash)
  if (at !== undefined) return `${path.slice(0, at)}[${path[at]}]${path.slice(at + 1)}`
  throw new Problem(
    'invalid-flag',
    `--optional needs a path with a letter or digit, not ${JSON.stringify(path)}`,
  )
}
