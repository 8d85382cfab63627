import { StrakeError } from '#oci'
import { pathExists } from '#platform'
import type { Roots } from '../host/roots.ts'
import { findForeign } from '../host/store-names.ts'

/** Throws `CONFLICT` if a directory of the store holds foreign files, which its removal would delete. */
export function requireOwn(roots: Roots): void {
  for (const which of ['root', 'run'] as const) {
    const foreign = pathExists(roots[which]) ? findForeign(roots, which) : undefined
    if (foreign === undefined) continue
    const message = `Cannot remove ${roots[which]}: ${JSON.stringify(foreign)} is not strake's`
    throw new StrakeError('CONFLICT', message, { remedy: 'move it elsewhere, then try again' })
  }
}
