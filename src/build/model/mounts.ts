/** A mount that a RUN has. Mounts are not part of any layer. */
export type RunMount = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount

/** Owner and mode of a file. */
interface Ownership {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

/** Files of an input. Changes to them are discarded. */
export interface BindMount {
  readonly kind: 'bind'
  /** The index of the input that has the files. */
  readonly input: number
  /** Relative to the root of the input. The root itself is `''`. */
  readonly source: string
  readonly target: string
  readonly readOnly: boolean
}

/** A directory that is kept between builds. */
export interface CacheMount extends Ownership {
  readonly kind: 'cache'
  readonly id: string
  /**
   * `shared`: several steps use the directory at a time. `locked`: one step after the
   * other. `private`: each step at a time has its own directory.
   */
  readonly sharing: 'shared' | 'private' | 'locked'
  /**
   * The index of the input with the initial contents. Without it, the directory is empty
   * at first.
   */
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

/** A value that the user gives. It is not in any layer, history line or cache key. */
export interface SecretMount extends Ownership {
  readonly kind: 'secret'
  readonly id: string
  /** Path of a file that has the value. */
  readonly target?: string
  /** Name of a variable that has the value. */
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

/** An SSH agent of the user. */
export interface SshAgent {
  readonly socket: string
  /** True when every request is passed on, and not only requests that list keys or sign. */
  readonly isRaw: boolean
}
