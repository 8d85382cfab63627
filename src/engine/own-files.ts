import { StrakeError } from '#oci'
import type { Roots } from './roots.ts'

/** What a store has, and a filesystem that was made for one. */
const rootNames =
  /^(?:blobs|builds|chains|containers|index\.json|ingest|layers|lost\+found|oci-layout|registry|reserve|staging|strake\.db|trash|volumes)(?:[.-].*)?$/

/** What its run directory has. */
const runNames =
  /^(?:builds|containers|erofs\.json|exec|init-layer|mounts|netns|network|runtime|runtime-versions\.json|runtimes\.json|users)(?:[.-].*)?$/

/** Throws `CONFLICT` when a store is to be made among files of others. */
export function requireRoom(root: string): void {
  const other = foreignName(root, rootNames)
  if (other === undefined) return
  throw new StrakeError('CONFLICT', `Cannot make a store in ${root}: ${other} is there`, {
    remedy: 'choose a new or an empty directory',
  })
}

/** Throws `CONFLICT` when removing a store would take away what others put into it. */
export function requireOwn({ root, run }: Roots): void {
  for (const [directory, names] of [[root, rootNames] as const, [run, runNames] as const]) {
    const other = foreignName(directory, names)
    if (other === undefined) continue
    throw new StrakeError('CONFLICT', `Cannot remove ${directory}: ${other} is not strake's`, {
      remedy: 'move it elsewhere, then try again',
    })
  }
}

/** The first name that is none of `names`, fit for a message. */
function foreignName(directory: string, names: RegExp): string | undefined {
  const { existsSync, readdirSync } = process.getBuiltinModule('node:fs')
  if (!existsSync(directory)) return undefined
  const other = readdirSync(directory).find((name) => !names.test(name))
  return other && JSON.stringify(other)
}
