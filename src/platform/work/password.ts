import { StrakeError } from '#oci'

/** The bcrypt cost of new hashes: some 50 ms of one processor. */
const cost = 10

/** Hashes a password with bcrypt, in another thread. */
export function hashPassword(password: string): Promise<string> {
  return passwords().hash(password, { algorithm: 'bcrypt', cost })
}

/** Compares a password with a bcrypt hash, in another thread. Returns false for an invalid hash. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  if (password === '') return false
  return passwords()
    .verify(password, hash, 'bcrypt')
    .catch(() => false)
}

function passwords(): typeof Bun.password {
  if (typeof Bun !== 'undefined') return Bun.password
  throw new StrakeError('UNSUPPORTED', 'Cannot check passwords: this program is not running on Bun')
}
