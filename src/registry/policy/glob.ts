/** What a text must match. */
export interface Glob {
  test(text: string): boolean
}

/** Returns true if a repository matches: `*` is a part of a segment, `**` any path. */
export function matchesRepository(glob: string, repository: string): boolean {
  return glob === '**' || repositoryGlob(glob).test(repository)
}

/** Returns true if a text matches: `*` is any text. */
export function matchesText(glob: string, text: string): boolean {
  return textGlob(glob).test(text)
}

/** Returns what a repository must match: `*` is a part of a segment, `**` any path. */
export function repositoryGlob(glob: string): Glob {
  return compiled(repositories, glob, (stars) => (stars.length > 1 ? anyPath : inSegment))
}

/** Returns what a text must match: `*` is any text. */
export function textGlob(glob: string): Glob {
  return compiled(texts, glob, () => anyPath)
}

const repositories = new Map<string, Glob>()
const texts = new Map<string, Glob>()

/** Globs come from rules and from scopes of tokens, so there are few. */
const mostCompiled = 10_000

/** A wildcard: any characters, or any but `/`. */
const anyPath = 0
const inSegment = 1

/** A wildcard, or one character. */
type Token = typeof anyPath | typeof inSegment | string

function compiled(
  known: Map<string, Glob>,
  glob: string,
  wildcard: (stars: string) => Token,
): Glob {
  const found = known.get(glob)
  if (found !== undefined) return found
  const parts: readonly string[] = glob.match(/\*+|[^*]+/g) ?? []
  const made = createGlob(parts.map((part) => (part.startsWith('*') ? wildcard(part) : part)))
  if (known.size >= mostCompiled) known.clear()
  known.set(glob, made)
  return made
}

/** Most globs have a plain beginning or end, which decides about most texts. */
function createGlob(parts: readonly Token[]): Glob {
  const [first = ''] = parts
  if (parts.length < 2 && typeof first === 'string') return { test: (text) => text === first }
  const last = parts.at(-1)
  const start = typeof first === 'string' ? first : ''
  const end = typeof last === 'string' ? last : ''
  const middle = parts.slice(start === '' ? 0 : 1, end === '' ? undefined : -1)
  const tokens = middle.flatMap((part): Token[] => (typeof part === 'string' ? [...part] : [part]))
  const fixed = start.length + end.length
  return {
    test(text) {
      if (text.length < fixed || !text.startsWith(start) || !text.endsWith(end)) return false
      const rest = text.slice(start.length, text.length - end.length)
      return tokens.length === 1 ? takesAll(tokens[0] ?? '', rest) : matches(tokens, rest)
    },
  }
}

function takesAll(token: Token, text: string): boolean {
  if (token === anyPath) return true
  return token === inSegment ? !text.includes('/') : token === text
}

/**
 * Reads the text once, and keeps all places of the glob that it may have reached. So the time grows
 * with the length of both, however many wildcards there are; a regular expression would try every
 * way to divide the text between them.
 */
function matches(tokens: readonly Token[], text: string): boolean {
  let places = new Uint8Array(tokens.length + 1)
  places[0] = 1
  skipWildcards(tokens, places)
  for (const character of text) {
    const next = new Uint8Array(tokens.length + 1)
    for (const [index, token] of tokens.entries()) {
      if (places[index] !== 1) continue
      if (token === character) next[index + 1] = 1
      else if (token === anyPath || (token === inSegment && character !== '/')) next[index] = 1
    }
    places = next
    skipWildcards(tokens, places)
  }
  return places[tokens.length] === 1
}

/** A wildcard may stand for no character. */
function skipWildcards(tokens: readonly Token[], places: Uint8Array): void {
  for (const [index, token] of tokens.entries()) {
    if (places[index] === 1 && typeof token === 'number') places[index + 1] = 1
  }
}
