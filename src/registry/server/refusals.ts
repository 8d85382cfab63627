import { StrakeError } from '#oci'

/** Why the rules refuse a request. It depends on names alone, so it shows nothing that exists. */
export interface RefusalDetail {
  readonly action?: string | undefined
  readonly repository?: string | undefined
  /** The rule that decided, if one did. */
  readonly rule?: string | undefined
  readonly reason: string
}

/** Requires credentials. `challenge` is the `WWW-Authenticate` header. */
export class ChallengeError extends StrakeError {
  readonly challenge: string
  readonly detail: RefusalDetail | undefined

  constructor(challenge: string, detail?: RefusalDetail) {
    super('UNAUTHORIZED', 'Cannot serve the request: authentication required')
    this.challenge = challenge
    this.detail = detail
  }
}

/** The sender is known and lacks a right. */
export class DeniedError extends StrakeError {
  readonly detail: RefusalDetail

  constructor(sender: string, detail: RefusalDetail) {
    const { action = 'use', repository = 'the registry', reason } = detail
    super('DENIED', `Cannot ${action} ${repository} as ${sender}: ${reason}`)
    this.detail = detail
  }
}

/** The sender may try again after some seconds. */
export class TooManyError extends StrakeError {
  /** Whole seconds. */
  readonly retryAfter: number

  constructor(message: string, retryAfter: number) {
    super('TOOMANYREQUESTS', message)
    this.retryAfter = Math.max(1, Math.ceil(retryAfter))
  }
}

/** A blob is larger than the registry accepts. */
export class TooLargeError extends StrakeError {
  constructor(most: number) {
    super('SIZE_INVALID', `Cannot receive the upload: a blob may have at most ${most} bytes`)
  }
}
