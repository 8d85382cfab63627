import { unionScopes } from '../auth/scope.ts'
import { decide } from '../policy/decide.ts'
import type { Identity } from '../policy/identity.ts'
import { type Action, actions, type Policy } from '../policy/rule.ts'

/** A right on a repository: one action of a scope. */
export interface Right {
  readonly action: Action
  readonly repository: string
}

/** Scopes of one request for a token. */
const mostScopes = 100

/** Characters of granted scopes and limits in an access token. A longer one fits into no header. */
const mostText = 5000

/** Characters that a token needs for a scope beside its name. */
const around = 48

/**
 * Returns the requested scopes with those actions that the rules allow. What is not allowed, or
 * not understood, or does not fit into a token, is left out: the client sees that in the answer to its
 * next request.
 */
export function grantScopes(
  policy: Policy,
  identity: Identity,
  requested: readonly string[],
): readonly string[] {
  let left = mostText - JSON.stringify(identity.scopes ?? []).length
  return unionScopes(requested)
    .slice(0, mostScopes)
    .flatMap((scope) => {
      if (scope === 'registry:catalog:*') return [scope]
      const rights = rightsOf(scope) ?? []
      const granted = rights.filter((right) => decide(policy, identity, right).isAllowed)
      const [first] = granted
      if (first === undefined) return []
      return [`repository:${first.repository}:${granted.map(({ action }) => action).join(',')}`]
    })
    .filter((scope) => {
      left -= scope.length + around
      return left >= 0
    })
}

/** Returns the rights of `repository:app:pull,push`; `undefined` for other scopes. */
export function rightsOf(scope: string): readonly Right[] | undefined {
  const match = /^repository:([a-z0-9][a-z0-9._/-]{0,254}):([a-z,*]{1,64})$/.exec(scope)
  if (match === null) return undefined
  const [, repository = '', text = ''] = match
  const wanted = text.split(',')
  const named = actions.filter((action) => wanted.includes(action))
  const chosen = wanted.includes('*') ? (['pull', 'push', 'delete'] as const) : named
  return chosen.map((action) => ({ action, repository }))
}
