/** Returns true if a repository matches: `*` is a part of a segment, `**` any path. */
export function matchesRepository(glob: string, repository: string): boolean {
  return glob === '**' || repositoryPattern(glob).test(repository)
}

/** Returns true if a text matches: `*` is any text. */
export function matchesText(glob: string, text: string): boolean {
  return textPattern(glob).test(text)
}

/** Returns what a repository must match: `*` is a part of a segment, `**` any path. */
export function repositoryPattern(glob: string): RegExp {
  return expression(repositories, glob)
}

/** Returns what a text must match: `*` is any text. */
export function textPattern(glob: string): RegExp {
  return expression(texts, glob)
}

/** Compiled globs of one kind. */
interface Globs {
  readonly compiled: Map<string, RegExp>
  readonly wildcard: (stars: string) => string
}

const repositories: Globs = {
  compiled: new Map(),
  wildcard: (stars) => (stars.length > 1 ? '.*' : '[^/]*'),
}

const texts: Globs = { compiled: new Map(), wildcard: () => '.*' }

/** Globs come from rules and from scopes of tokens, so there are few. */
const mostCompiled = 10_000

function expression({ compiled, wildcard }: Globs, glob: string): RegExp {
  const known = compiled.get(glob)
  if (known !== undefined) return known
  const source = glob.replace(/\*+|[^*]+/g, (part) =>
    part.startsWith('*') ? wildcard(part) : RegExp.escape(part),
  )
  const made = new RegExp(`^${source}$`, 's')
  if (compiled.size >= mostCompiled) compiled.clear()
  compiled.set(glob, made)
  return made
}
