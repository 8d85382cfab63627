import { existsSync } from 'node:fs'
import type { MountRequest } from '#container'
import { StrakeError } from '#oci'
import { neededFiles, withoutFiles } from '#runtime/kernel-places'
import type { Engine } from '../engine.ts'

/** Throws `INVALID` for a mount of a new directory where a container needs files of the kernel. */
export function refuseEmpty({ records }: Engine, mount: MountRequest): void {
  const { type, source, destination, driverOptions } = mount
  const needed = neededFiles(destination)
  if (needed === undefined) return
  const isNew =
    type === 'tmpfs' ||
    (type === 'bind' && !existsSync(source ?? '')) ||
    (type === 'volume' &&
      driverOptions === undefined &&
      (source === undefined || records.volumes.get(source) === undefined))
  if (!isNew) return
  throw new StrakeError('INVALID', `Cannot mount at ${destination}: ${withoutFiles[needed]}`)
}
