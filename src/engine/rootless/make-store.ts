import { openDirectoryStore } from '#content'
import { makeDirectories } from '#platform'
import { makePrivate } from '../host/private-directory.ts'
import type { Roots } from '../host/roots.ts'

/** Makes a run directory, and the store before it: no store is made beside a run directory in its place. */
export async function makeStore(roots: Roots): Promise<void> {
  makePrivate(roots)
  await openDirectoryStore(roots.root)
  makeDirectories(roots.run, 0o700)
  makePrivate(roots)
}
