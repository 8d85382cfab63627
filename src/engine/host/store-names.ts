import { join } from 'node:path'
import type { Roots } from './roots.ts'

/** What a store has, and a filesystem that was made for one. */
const rootNames =
  /^(?:blobs|builds|cache-mounts|chains|containers|index\.json|ingest|layers|lost\+found|oci-layout|registry|reserve|scratch|seccomp|staging|strake\.db|trash|volumes)(?:[.-].*)?$/

/** What its run directory has. */
const runNames =
  /^(?:builds|containers|erofs\.json|(?:base|init)-layer|mounts|netns|network|place|runtime|runtime-versions\.json|runtimes\.json|users)(?:[.-].*)?$/

/** What is written beside a file before it takes its name. */
const temporaryNames = /^\..+\.tmp$/

/** A name in the directory of a store, or in its run directory, that is not strake's. */
export function findForeign(roots: Roots, which: keyof Roots): string | undefined {
  const directory = roots[which]
  const other = which === 'root' ? roots.run : roots.root
  const names = which === 'root' ? rootNames : runNames
  const isOwn = (name: string): boolean =>
    names.test(name) ||
    temporaryNames.test(name) ||
    // One of the two may lie in the other.
    `${other}/`.startsWith(`${join(directory, name)}/`)
  return process
    .getBuiltinModule('node:fs')
    .readdirSync(directory)
    .find((name) => !isOwn(name))
}
