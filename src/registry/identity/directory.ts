import type { Identity } from '../policy/identity.ts'

/** Something that knows users and their passwords. */
export interface UserDirectory {
  /** Returns the user if the password is right. Throws `UNAVAILABLE` when it cannot be asked. */
  check(name: string, password: string): Promise<Identity | undefined>
  /** Returns a user without a password, to see whether a token of the user is still good. */
  find(name: string): Promise<Identity | undefined>
}
