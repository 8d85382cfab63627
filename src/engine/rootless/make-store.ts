import { openDirectoryStore } from '#content'
import { makeDirectories } from '#platform'
import { makePrivate } from '../host/private-directory.ts'
import type { Roots } from '../host/roots.ts'

/**
 * Makes the store, and then its run directory. The run directory may lie in the directory of the store, and
 * a store is not made in a directory with other files.
 */
export async function makeStore(roots: Roots): Promise<void> {
  makePrivate(roots)
  await openDirectoryStore(roots.root)
  makeDirectories(roots.run, 0o700)
  makePrivate(roots)
}
