import { join } from 'node:path'
import type { Roots } from './roots.ts'

/** Names in a store, and in a file system made for one. */
const rootNames =
  /^(?:blobs|build-records|builds|cache-mounts|chains|containers|index\.json|ingest|layers|lost\+found|oci-layout|received|registry|reserve|scratch|seccomp|staging|strake\.db|trash|volumes)(?:[.-].*)?$/

/** Names in the run directory of a store. */
const runNames =
  /^(?:api|bake|builds|containers|docker\.sock|empty|erofs\.json|execs|(?:base|init)-layer|mounts|namespace|netns|network|place|runtime|runtime-versions\.json|runtimes\.json|users|volumes)(?:[.-].*)?$/

/** Temporary names of files before their rename. */
const temporaryNames = /^\..+\.tmp$/

/** Returns a foreign name in the directory of a store or in its run directory. */
export function findForeign(roots: Roots, which: keyof Roots): string | undefined {
  const directory = roots[which]
  const other = which === 'root' ? roots.run : roots.root
  const names = which === 'root' ? rootNames : runNames
  const isOwn = (name: string): boolean =>
    names.test(name) ||
    temporaryNames.test(name) ||
    // One of the two may be inside the other.
    `${other}/`.startsWith(`${join(directory, name)}/`)
  return process
    .getBuiltinModule('node:fs')
    .readdirSync(directory)
    .find((name) => !isOwn(name))
}
