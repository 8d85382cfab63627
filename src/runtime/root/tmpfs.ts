import type { MountRestrictions, TmpfsOptions } from '#platform'
import type { ContainerMount } from './mount.ts'

/** The mode of a memory file system without a given one: all users may make files in it. */
const openMode = 0o1777

/** The mode that a user gives a memory file system with `mode=700`. */
export function givenMode({ options = [] }: Pick<ContainerMount, 'options'>): number | undefined {
  const text = options.findLast((option) => option.startsWith('mode='))?.slice('mode='.length)
  return text === undefined ? undefined : Number.parseInt(text, 8)
}

/** The mode of a mount point. Some runtimes copy it to the file system that is mounted there. */
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

/** The options that a runtime would use, for a memory file system that strake mounts. */
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
