import type { Exchange, Principal } from '#http'
import { StrakeError } from '#oci'

/** Who sent a request, and what else that sender may do. */
export interface Grant extends Principal {
  /** True for a scope such as `repository:app:pull`: what a mount reads is not in its path. */
  may(scope: string): boolean | Promise<boolean>
}

/**
 * Decides about a request before anything else is looked at, and says who sent
 * it. `scopes` are all the rights that the request needs. Throws `ChallengeError`
 * to ask for credentials, `DENIED` where those given do not suffice.
 */
export type Access = (
  request: Request,
  scopes: readonly string[],
  exchange: Exchange,
) => Promise<Grant>

/** Everything for everybody: whoever reaches the server may do what it allows. */
export const openAccess: Access = async () => ({ name: undefined, may: () => true })

/** Asks for credentials; `challenge` is the `WWW-Authenticate` header. */
export class ChallengeError extends StrakeError {
  readonly challenge: string

  constructor(challenge: string) {
    super('UNAUTHORIZED', 'Cannot serve the request: authentication required')
    this.challenge = challenge
  }
}
