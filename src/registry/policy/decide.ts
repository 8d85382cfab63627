import { matchesRepository, matchesText } from './glob.ts'
import type { Identity } from './identity.ts'
import { coversAll, isWithin } from './limit.ts'
import type { Action, Policy, Rule, Subject } from './rule.ts'

/** The answer of the rules, and why. It depends on names alone, never on what exists. */
export interface Decision {
  readonly isAllowed: boolean
  /** The rule that decided: its name, or `rule 2`. */
  readonly rule: string | undefined
  /** `rule 2 allows pull` */
  readonly reason: string
}

/** Decides whether a sender may do something in a repository. */
export function decide(
  policy: Policy,
  identity: Identity,
  { action, repository }: { readonly action: Action; readonly repository: string },
): Decision {
  const at = policy.rules.findIndex(
    ({ repositories, subjects }) =>
      repositories.some((glob) => matchesRepository(glob, repository)) &&
      subjects.some((subject) => isSubject(policy, subject, identity)),
  )
  const rule = policy.rules[at]
  if (rule === undefined) {
    const reason = 'no rule is about this repository and this sender'
    return { isAllowed: false, rule: undefined, reason }
  }
  const name = rule.name ?? `rule ${at + 1}`
  const shown = rule.name === undefined ? name : `the rule ${JSON.stringify(rule.name)}`
  if (!allows(rule, action)) {
    const allowed = rule.actions.length === 0 ? 'nothing' : rule.actions.join(', ')
    const reason = `${shown} does not allow ${action}; it allows ${allowed}`
    return { isAllowed: false, rule: name, reason }
  }
  if (!isWithin(identity.scopes, action, repository)) {
    const reason = `${shown} allows ${action}, but the scopes of the token do not`
    return { isAllowed: false, rule: name, reason }
  }
  return { isAllowed: true, rule: name, reason: `${shown} allows ${action}` }
}

/**
 * Returns true if the first rule about all repositories and the sender allows to administer them.
 * Narrower rules before it make exceptions for repositories, and no others.
 */
export function isAdministrator(policy: Policy, identity: Identity): boolean {
  const rule = policy.rules.find(
    ({ repositories, subjects }) =>
      repositories.includes('**') &&
      subjects.some((subject) => isSubject(policy, subject, identity)),
  )
  if (identity.kind === 'anonymous' || rule === undefined) return false
  return rule.actions.includes('admin') && coversAll(identity.scopes)
}

/** Returns true if senders without credentials may do anything at all. */
export function knowsAnonymous({ rules }: Policy): boolean {
  return rules.some(
    ({ subjects, actions }) =>
      actions.length > 0 && subjects.some((each) => each === 'anonymous' || each === 'everyone'),
  )
}

/** Returns the names of claims that the rules read, which a token must carry. */
export function claimsOf({ rules }: Policy): ReadonlySet<string> {
  const subjects = rules.flatMap((rule) => rule.subjects)
  return new Set(
    subjects.flatMap((subject) => (typeof subject === 'string' ? [] : Object.keys(subject.claims))),
  )
}

/** Returns the names of groups that the rules read. */
function groupsOf({ rules }: Policy): ReadonlySet<string> {
  const subjects = rules.flatMap((rule) => rule.subjects)
  return new Set(
    subjects.flatMap((subject) =>
      typeof subject === 'string' && subject.startsWith('group:') ? [subject.slice(6)] : [],
    ),
  )
}

/** Keeps only the groups and claims that rules read, so that a token of the sender stays small. */
export function withoutExcess(policy: Policy, identity: Identity): Identity {
  const { claims, ...rest } = identity
  const [wantedClaims, wantedGroups] = [claimsOf(policy), groupsOf(policy)]
  const kept = Object.entries(claims ?? {}).filter(([name]) => wantedClaims.has(name))
  return {
    ...rest,
    groups: identity.groups.filter((group) => wantedGroups.has(group)),
    ...(claims === undefined ? {} : { claims: Object.fromEntries(kept) }),
  }
}

function allows({ actions }: Rule, action: Action): boolean {
  return actions.includes(action) || actions.includes('admin')
}

function isSubject(policy: Policy, subject: Subject, identity: Identity): boolean {
  const { kind, name } = identity
  if (typeof subject !== 'string') {
    return (
      kind === 'workload' &&
      subject.issuer === identity.issuer &&
      hasClaims(identity, subject.claims)
    )
  }
  if (subject === 'everyone') return true
  if (subject === 'anonymous') return kind === 'anonymous'
  // Anybody can run a job at a public issuer, so its token alone is no login here.
  if (subject === 'authenticated') return kind === 'user' || kind === 'robot'
  const colon = subject.indexOf(':')
  const wanted = subject.slice(colon + 1)
  if (subject.startsWith('group:')) return isMember(policy, wanted, identity)
  return subject.startsWith('robot:')
    ? kind === 'robot' && name === wanted
    : kind === 'user' && name === wanted
}

function isMember(
  { groups }: Policy,
  group: string,
  { kind, name, groups: own }: Identity,
): boolean {
  if (own.includes(group)) return true
  const members = Object.hasOwn(groups, group) ? groups[group] : undefined
  return kind === 'user' && members?.includes(name) === true
}

/** Returns true if every wanted claim is there. A claim may be a list, of which one value suffices. */
export function hasClaims(
  { claims = {} }: Pick<Identity, 'claims'>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([name, glob]) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined
    const values: readonly unknown[] = Array.isArray(value) ? value : [value]
    return values.some((each) => isPlain(each) && matchesText(glob, String(each)))
  })
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
