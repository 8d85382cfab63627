/** The sender of a request, as the rules see it. Plain data: a token carries it. */
export interface Identity {
  readonly kind: 'anonymous' | 'user' | 'robot' | 'workload'
  /** `alice`, `ci` for a robot, `github/repo:acme/app` for a job; empty if anonymous. */
  readonly name: string
  readonly groups: readonly string[]
  /** The issuer of a job's token, and its claims. */
  readonly issuer?: string
  readonly claims?: Readonly<Record<string, unknown>>
  /** Limits of the token that proved the sender, `team/**:pull,push`. They never add rights. */
  readonly scopes?: readonly string[]
  /** The token that proved the sender, to find it when it is revoked. */
  readonly tokenId?: string
  /** Changes with the password of the user. */
  readonly secretMark?: string
}

export const anonymous: Identity = { kind: 'anonymous', name: '', groups: [] }

/** The name of a robot where users and robots share one list of names. */
export const robotPrefix = 'robot+'

/** Returns the name for logs and owners of uploads; `undefined` for an anonymous sender. */
export function principalName(identity: Identity): string | undefined {
  return identity.kind === 'anonymous' ? undefined : loginName(identity)
}

/** Returns the name under which a user, or a token of a robot, logs in. */
export function loginName({ kind, name }: Pick<Identity, 'kind' | 'name'>): string {
  return kind === 'robot' ? `${robotPrefix}${name}` : name
}
