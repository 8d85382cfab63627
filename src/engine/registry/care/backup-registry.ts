import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import { StrakeError } from '#oci'
import { ignoreAbsent } from '#platform'
import type { Engine } from '../../engine.ts'
import { type BackupOptions, type BackupReport, backUp } from './backup.ts'
import { type FilesOptions, findRegistryFiles } from './registry-files.ts'
import { type RestoreReport, restoreBackup } from './restore-backup.ts'

/** Backs up a registry of this machine. Throws `INVALID` for a directory inside the registry. */
export async function backUpRegistry(
  engine: Engine,
  directory: string,
  options: BackupOptions & FilesOptions,
): Promise<BackupReport> {
  const files = await findRegistryFiles(engine, options)
  const real = (await realpath(directory).catch(ignoreAbsent)) ?? directory
  const root = await realpath(files.root)
  if (`${real}${sep}`.startsWith(`${root}${sep}`)) {
    throw new StrakeError('INVALID', `Cannot back up into ${directory}: the registry is there`, {
      remedy: 'name a directory outside of the storage',
    })
  }
  return await backUp(files, directory, options)
}

/** Makes the storage of a registry from a backup. */
export async function restoreRegistry(
  backup: string,
  storage: string | undefined,
  signal?: AbortSignal,
): Promise<RestoreReport> {
  if (storage === undefined) {
    throw new StrakeError('INVALID', 'Cannot restore: no storage is named', {
      remedy: 'give --storage with a new directory',
    })
  }
  return await restoreBackup(backup, storage, signal)
}
