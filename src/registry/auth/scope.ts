import type { Endpoint } from '../endpoints.ts'

/**
 * Merges scopes, `type:name:action,action`. The result has each resource once, with all
 * its actions, in a fixed order, so that it can be a key.
 */
export function unionScopes(scopes: readonly string[]): string[] {
  const actions = new Map<string, Set<string>>()
  for (const scope of scopes.flatMap((text) => text.split(' ')).filter((text) => text !== '')) {
    const colon = scope.lastIndexOf(':')
    if (colon <= 0) continue
    const resource = scope.slice(0, colon)
    const known = actions.get(resource) ?? new Set<string>()
    for (const action of scope.slice(colon + 1).split(',')) known.add(action)
    actions.set(resource, known)
  }
  return [...actions]
    .map(([resource, wanted]) => `${resource}:${[...wanted].sort().join(',')}`)
    .sort()
}

export function pullScope(repository: string): string {
  return `repository:${repository}:pull`
}

export function pushScope(repository: string): string {
  return `repository:${repository}:pull,push`
}

export function deleteScope(repository: string): string {
  return `repository:${repository}:delete,pull`
}

export const catalogScope = 'registry:catalog:*'

/** Returns the rights that a request to an endpoint needs. */
export function scopesOf(endpoint: Endpoint, method: string): readonly string[] {
  const isRead = method === 'GET' || method === 'HEAD'
  switch (endpoint.kind) {
    case 'ping':
      return []
    case 'catalog':
      return [catalogScope]
    case 'tags':
    case 'referrers':
      return [pullScope(endpoint.repository)]
    case 'manifest':
    case 'blob':
      if (isRead) return [pullScope(endpoint.repository)]
      if (method === 'DELETE') return [deleteScope(endpoint.repository)]
      return [pushScope(endpoint.repository)]
    case 'tag-history':
      return [isRead ? pullScope(endpoint.repository) : pushScope(endpoint.repository)]
    // A sender without the right to write does not see uploads either.
    case 'uploads':
    case 'upload':
      return [pushScope(endpoint.repository)]
  }
}

/** Returns true when the scopes only read, so that an anonymous token may suffice. */
export function isPullOnly(scopes: readonly string[]): boolean {
  return scopes.every((scope) => scope.endsWith(':pull'))
}

/** Returns the repository of the scopes, to find its account. */
export function repositoryOf(scopes: readonly string[]): string | undefined {
  const scope = scopes.find((text) => text.startsWith('repository:') && text.includes('push'))
  return (scope ?? scopes.find((text) => text.startsWith('repository:')))?.split(':')[1]
}
