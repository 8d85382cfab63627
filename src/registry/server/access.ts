import type { Exchange, Principal } from '#http'

/** The sender of a request, and the sender's further rights. */
export interface Grant extends Principal {
  /** Returns true when the sender has a right such as `repository:app:pull`, for the source of a mount. */
  may(scope: string): boolean | Promise<boolean>
  /** Returns true when a list may show a repository to the sender. Default: its right to pull. */
  sees?(repository: string): boolean | Promise<boolean>
  /** True for a sender who may administer the registry. */
  readonly isAdmin?: boolean | undefined
  /** The user, if a password or a certificate proved it: a token must not make further ones. */
  readonly user?: string | undefined
  /** The ID of the session in a browser that proved the sender. */
  readonly session?: string | undefined
}

/**
 * Decides about a request before the registry is read, and returns its sender. `scopes`
 * are all rights that the request needs. Throws `ChallengeError` to require credentials,
 * and `DENIED` when the credentials lack a right.
 */
export type Access = (
  request: Request,
  scopes: readonly string[],
  exchange: Exchange,
) => Promise<Grant>

/** What every sender may do at a registry without users: everything. */
export const everybody: Grant = { name: undefined, may: () => true, isAdmin: true }

/** Grants every right to every sender. */
export const openAccess: Access = async () => everybody
