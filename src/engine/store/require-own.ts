import { join } from 'node:path'
import { StrakeError } from '#oci'
import { pathExists } from '#platform'
import type { Roots } from '../host/roots.ts'

/** What a store has, and a filesystem that was made for one. */
const rootNames =
  /^(?:blobs|builds|chains|containers|index\.json|ingest|layers|lost\+found|oci-layout|registry|reserve|scratch|seccomp|staging|strake\.db|trash|volumes)(?:[.-].*)?$/

/** What its run directory has. */
const runNames =
  /^(?:builds|containers|erofs\.json|init-layer|mounts|netns|network|place|runtime|runtime-versions\.json|runtimes\.json|users)(?:[.-].*)?$/

/** What is written beside a file before it takes its name. */
const temporaryNames = /^\..+\.tmp$/

/** Throws `CONFLICT` when removing a store would take away what others put into it. */
export function requireOwn({ root, run }: Roots): void {
  requireOnly(root, rootNames, run)
  requireOnly(run, runNames, root)
}

function requireOnly(directory: string, names: RegExp, other: string): void {
  if (!pathExists(directory)) return
  const { readdirSync } = process.getBuiltinModule('node:fs')
  const isOwn = (name: string): boolean =>
    names.test(name) ||
    temporaryNames.test(name) ||
    // One of the two may lie in the other.
    `${other}/`.startsWith(`${join(directory, name)}/`)
  const foreign = readdirSync(directory).find((name) => !isOwn(name))
  if (foreign === undefined) return
  const message = `Cannot remove ${directory}: ${JSON.stringify(foreign)} is not strake's`
  throw new StrakeError('CONFLICT', message, { remedy: 'move it elsewhere, then try again' })
}
