/** What a RUN sees that is part of no layer. */
export type RunMount = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount

/** Whom a file belongs to, and its mode. */
interface Ownership {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** Files of an input; what is written there is lost. */
export interface BindMount {
  readonly kind: 'bind'
  /** The input that the files are of. */
  readonly input: number
  /** Relative to its root, which is `''`. */
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

/** A directory that lasts from build to build. */
export interface CacheMount extends Ownership {
  readonly kind: 'cache'
  readonly id: string
  /** `shared`: many at a time; `locked`: one after the other; `private`: each a directory of its own. */
  readonly sharing: 'shared' | 'private' | 'locked'
  /** Where its first contents are from; it is empty at first without it. */
  readonly input?: number
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

export interface TmpfsMount {
  readonly kind: 'tmpfs'
  readonly target: string
  /** Bytes. */
  readonly size?: number
}

/** A value that the user gives; it is in no layer, history or key. */
export interface SecretMount extends Ownership {
  readonly kind: 'secret'
  readonly id: string
  /** Of a file that holds it. */
  readonly target?: string
  /** Name of a variable that holds it. */
  readonly env?: string
  readonly isRequired: boolean
}

/** The socket of an SSH agent. */
export interface SshMount extends Ownership {
  readonly kind: 'ssh'
  readonly id: string
  readonly target: string
  readonly isRequired: boolean
}

/** An SSH agent of the user, behind a socket. */
export interface SshAgent {
  readonly socket: string
  /** Every request reaches it, and not only those that list keys or sign. */
  readonly isRaw: boolean
}
