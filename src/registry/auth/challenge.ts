/** One scheme that a server accepts, from `WWW-Authenticate`. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string
  /** Names in lower case. */
  readonly params: ReadonlyMap<string, string>
}

const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const quoted = /"((?:[^"\\]|\\.)*)"/y

/**
 * Returns the challenges of a `WWW-Authenticate` value in the server's order. Commas
 * separate both schemes and parameters: a token before `=` is a parameter, any other
 * token starts a scheme. Text that does not parse ends the list.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string): Challenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(header)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  while (at < header.length) {
    take(/[\s,]*/y)
    const word = take(token)?.[0]
    if (word === undefined) break
    if (take(/\s*=\s*/y) === null) {
      challenges.push({ scheme: word.toLowerCase(), params: new Map() })
      continue
    }
    const value = take(quoted)?.[1]?.replace(/\\(.)/g, '$1') ?? take(token)?.[0]
    const current = challenges.at(-1)
    if (value === undefined || current === undefined) break
    const name = word.toLowerCase()
    if (!current.params.has(name)) current.params.set(name, value)
  }
  return challenges
}
