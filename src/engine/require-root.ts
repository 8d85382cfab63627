import { StrakeError } from '#oci'

/** Throws `DENIED` for any other user, before something is fetched or made in vain. */
export function requireRoot(what: string, uid: number = process.getuid?.() ?? 0): void {
  if (uid === 0) return
  throw new StrakeError('DENIED', `Cannot ${what}: that takes the rights of root`, {
    remedy: 'sudo, and the store of root',
  })
}
