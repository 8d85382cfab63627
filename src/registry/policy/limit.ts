import { StrakeError } from '#oci'
import { matchesRepository } from './glob.ts'
import { type Action, actions } from './rule.ts'

/**
 * Checks the limit of a token, `team/**:pull,push`, and returns it. Throws `INVALID`. The form
 * `repository:team/app:pull`, which clients use, is accepted too.
 */
export function parseLimit(text: string): string {
  const limit = text.replace(/^repository:/, '')
  const { glob, allowed } = partsOf(limit)
  const isKnown = allowed.every((action) => actions.some((each) => each === action))
  if (/^[a-z0-9*][a-z0-9._/*-]{0,254}$/.test(glob) && isKnown) return limit
  throw new StrakeError('INVALID', `Cannot use the scope ${JSON.stringify(text)}`, {
    remedy: `write REPOSITORY:ACTIONS, for example team/**:pull,push; actions are ${actions.join(', ')}`,
  })
}

/** Returns true if a token with these limits may be used for an action. Without limits: always. */
export function isWithin(
  limits: readonly string[] | undefined,
  action: Action,
  repository: string,
): boolean {
  if (limits === undefined) return true
  return limits.map(partsOf).some(({ glob, allowed }) => {
    const isNamed = allowed.includes(action) || allowed.includes('admin')
    return isNamed && matchesRepository(glob, repository)
  })
}

/** Returns true if a token with these limits may administer all repositories. */
export function coversAll(limits: readonly string[] | undefined): boolean {
  if (limits === undefined) return true
  return limits.map(partsOf).some(({ glob, allowed }) => glob === '**' && allowed.includes('admin'))
}

function partsOf(limit: string): { readonly glob: string; readonly allowed: readonly string[] } {
  const colon = limit.lastIndexOf(':')
  return { glob: limit.slice(0, colon), allowed: limit.slice(colon + 1).split(',') }
}
