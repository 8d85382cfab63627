import type { Route } from './call.ts'

/** A route and the values of the names in its path. */
export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

interface Compiled {
  readonly route: Route
  readonly pattern: RegExp
}

export type Find = (method: string, path: string) => Match | undefined

/**
 * Returns a function that finds the route of a request. `path` is as in the URL; the values of
 * names are decoded. As in Docker, a path with another method is no path.
 */
export function compileRoutes(routes: readonly Route[]): Find {
  const compiled = routes.map((route): Compiled => ({ route, pattern: patternOf(route.path) }))
  return (method, path) => {
    const found = compiled.find(
      ({ route, pattern }) =>
        (route.method === method || route.method === 'any') && pattern.test(path),
    )
    if (found === undefined) return undefined
    const params = decodeAll(found.pattern.exec(path)?.groups ?? {})
    return params === undefined ? undefined : { route: found.route, params }
  }
}

function patternOf(path: string): RegExp {
  const text = path.replaceAll(/\{(\w+)(\.\.\.)?\}/g, (_, name: string, several?: string) =>
    several === undefined ? `(?<${name}>[^/]+)` : `(?<${name}>.+)`,
  )
  return new RegExp(`^${text}$`)
}

/** Returns `undefined` for a value that is no percent-encoded UTF-8, or contains a NUL. */
function decodeAll(
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  try {
    const entries = Object.entries(values).map(([name, value]) => [name, decodeURIComponent(value)])
    return entries.some(([, value]) => value?.includes('\0'))
      ? undefined
      : Object.fromEntries(entries)
  } catch {
    return undefined
  }
}
