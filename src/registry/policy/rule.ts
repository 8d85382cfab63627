/** What a sender may do in a repository. `admin` includes the others. */
export const actions = ['pull', 'push', 'delete', 'admin'] as const

export type Action = (typeof actions)[number]

/** Who may do what, in order: the first rule with the repository and the sender decides. */
export interface Policy {
  readonly rules: readonly Rule[]
  /** Names of users by group. */
  readonly groups: Readonly<Record<string, readonly string[]>>
}

export interface Rule {
  readonly name?: string
  /** Globs: `*` stands for a part of a segment, `**` for any path. */
  readonly repositories: readonly string[]
  readonly subjects: readonly Subject[]
  readonly actions: readonly Action[]
}

/** `user:alice`, `group:team`, `robot:ci`, `anonymous`, `authenticated`, `everyone`, or claims. */
export type Subject = string | ClaimSubject

/** Jobs whose token has the claims. In a value, `*` stands for any text. */
export interface ClaimSubject {
  readonly issuer: string
  readonly claims: Readonly<Record<string, string>>
}

/** The rules of a registry that has users and no rules: everybody who logs in may do everything. */
export const defaultRules: readonly Rule[] = [
  {
    name: 'users may do everything',
    repositories: ['**'],
    subjects: ['authenticated'],
    actions: [...actions],
  },
]

/** A rule before all others that lets everybody pull. */
export function anonymousPull(): Rule {
  return {
    name: 'everybody may pull',
    repositories: ['**'],
    subjects: ['anonymous'],
    actions: ['pull'],
  }
}
