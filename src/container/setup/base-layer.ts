import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { isSystemError } from '#platform'
import { ContainerView } from '#runtime'
import { ownedName } from '#snapshot'
import type { ContainerContext } from '../model/context.ts'

/**
 * Makes the read-only layer that lies above the image in every container, unless it exists.
 * It holds files that every container has, and empty files to mount on. So the runtime makes
 * no mount points, and no link of an image can redirect a mount.
 */
export function makeBaseLayer({ run }: Pick<ContainerContext, 'run'>): string {
  const layer = `${run}/base-layer`
  if (existsSync(layer)) return layer
  const made = `${run}/${ownedName('place')}`
  mkdirSync(made)
  chmodSync(made, 0o755)
  using view = ContainerView.ofDirectory(made)
  for (const path of ['/dev', '/proc', '/sys']) view.make(path, 'directory')
  for (const path of ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']) view.make(path, 'file')
  // Programs recognise a container by the first file, and read the mounts from the second.
  view.make('/.dockerenv', 'file', 0o755)
  symlinkSync('/proc/mounts', `${made}/etc/mtab`)
  try {
    // Renamed when complete, because a layer must not change while a container uses it.
    renameSync(made, layer)
  } catch (error) {
    if (!isSystemError(error, 'EEXIST', 'ENOTEMPTY')) throw error
    rmSync(made, { recursive: true, force: true })
  }
  return layer
}
