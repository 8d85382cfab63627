import type { MountRestrictions, TmpfsOptions } from '#platform'
import type { ContainerMount } from './mount.ts'

/** Everybody may make files in a memory file system, unless its mode is given. */
const openMode = 0o1777

/** The mode that a user gives a memory file system with `mode=700`. */
export function givenMode({ options = [] }: Pick<ContainerMount, 'options'>): number | undefined {
  const text = options.findLast((option) => option.startsWith('mode='))?.slice('mode='.length)
  return text === undefined ? undefined : Number.parseInt(text, 8)
}

/** The mode that a mount point is made with; some runtimes give it to what is mounted there. */
export function mountPointMode(mount: ContainerMount): number | undefined {
  return mount.type === 'tmpfs' ? (givenMode(mount) ?? openMode) : undefined
}

const flags: Readonly<Record<string, MountRestrictions>> = {
  ro: { readOnly: true },
  rw: { readOnly: false },
  nosuid: { noSuid: true },
  suid: { noSuid: false },
  nodev: { noDev: true },
  dev: { noDev: false },
  noexec: { noExec: true },
  exec: { noExec: false },
}

/** What the runtime would mount, for a memory file system that we mount ourselves. */
export function tmpfsOptions(mount: ContainerMount): TmpfsOptions {
  const asked = mount.options ?? []
  const restrictions = asked.map((option) => flags[option] ?? {})
  const more = asked.filter((option) => option.includes('=') && !option.startsWith('mode='))
  return Object.assign(
    { noSuid: true, noDev: true, noExec: true, mode: givenMode(mount) ?? openMode, more },
    ...restrictions,
    mount.readOnly ? { readOnly: true } : {},
  )
}
