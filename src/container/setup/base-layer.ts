import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { isSystemError } from '#platform'
import { ContainerView } from '#runtime'
import { ownedName } from '#snapshot'
import type { ContainerContext } from '../model/context.ts'

/**
 * The read-only layer that lies above the image in every container of a store, made
 * when it is not there: what every container has, and empty places for what is mounted in every container. So the runtime changes nothing
 * of the container's, and an image that has links there cannot lead a mount astray.
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
  // Programs tell by the one that they run in a container, and by the other what is mounted.
  view.make('/.dockerenv', 'file', 0o755)
  symlinkSync('/proc/mounts', `${made}/etc/mtab`)
  try {
    // Whole or not at all: a layer must not change while something stands on it.
    renameSync(made, layer)
  } catch (error) {
    if (!isSystemError(error, 'EEXIST', 'ENOTEMPTY')) throw error
    rmSync(made, { recursive: true, force: true })
  }
  return layer
}
