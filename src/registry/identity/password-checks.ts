import { verifyPassword } from '#platform'
import { TooManyError } from '../server/refusals.ts'

/** Comparisons at a time. Each takes a processor for some 50 ms. */
const mostAtOnce = 32

/** Compared for a name without a user, only for the time that it takes. */
const noUser = '$2b$10$XT13CbpdODaESO8YeVXI/.bKTuPylGLP1hHES1DhV1uM//A/.WkQC'

/** Compares passwords with bcrypt hashes, not too many at a time. */
export class PasswordChecks {
  #running = 0

  /** Without a hash this takes as long as with one, so that nobody learns which users exist. */
  async check(password: string, hash: string | undefined): Promise<boolean> {
    if (this.#running >= mostAtOnce) {
      throw new TooManyError('Cannot check the password: too many logins at a time', 2)
    }
    this.#running += 1
    try {
      return (await verifyPassword(password, hash ?? noUser)) && hash !== undefined
    } finally {
      this.#running -= 1
    }
  }
}
