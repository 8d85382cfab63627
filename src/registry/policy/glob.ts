/** Returns true if a repository matches: `*` is a part of a segment, `**` any path. */
export function matchesRepository(glob: string, repository: string): boolean {
  return repositoryPattern(glob).test(repository)
}

/** Returns true if a text matches: `*` is any text. */
export function matchesText(glob: string, text: string): boolean {
  return textPattern(glob).test(text)
}

/** Returns what a repository must match: `*` is a part of a segment, `**` any path. */
export function repositoryPattern(glob: string): RegExp {
  return expression(glob, (stars) => (stars.length > 1 ? '.*' : '[^/]*'))
}

/** Returns what a text must match: `*` is any text. */
export function textPattern(glob: string): RegExp {
  return expression(glob, () => '.*')
}

/** Compiled globs of the configuration. Their number is that of its rules, so none is dropped. */
const compiled = new Map<string, RegExp>()

function expression(glob: string, wildcard: (stars: string) => string): RegExp {
  const key = `${wildcard('*')}${glob}`
  const known = compiled.get(key)
  if (known !== undefined) return known
  const source = glob.replace(/\*+|[^*]+/g, (part) =>
    part.startsWith('*') ? wildcard(part) : RegExp.escape(part),
  )
  const made = new RegExp(`^${source}$`, 's')
  if (compiled.size > 10_000) compiled.clear()
  compiled.set(key, made)
  return made
}
