import { realpath } from 'node:fs/promises'
import { sep } from 'node:path'
import { StrakeError } from '#oci'
import { ignoreAbsent } from '#platform'
import { sharedAuth } from '#registry/access/open-auth'
import type { Engine } from '../../engine.ts'
import { openReplicas } from '../parts/replicated.ts'
import { findPlace } from '../place.ts'
import { type BackupOptions, type BackupReport, backUp, sourceOfFiles } from './backup.ts'
import { type FilesOptions, findRegistryFiles } from './registry-files.ts'
import { restoreReplicas, sourceOfReplicas } from './replicated-backup.ts'
import { type RestoreReport, restoreBackup } from './restore-backup.ts'

/** Backs up a registry of this machine. Throws `INVALID` for a directory inside the registry. */
export async function backUpRegistry(
  engine: Engine,
  directory: string,
  options: BackupOptions & FilesOptions,
): Promise<BackupReport> {
  const place = await findPlace({ ...options, root: async () => engine.root })
  await using replicas = await openReplicas(place.config.storage ?? {})
  if (replicas !== undefined) {
    const shared = await sharedAuth(place.config, place.files, replicas.facts)
    return await backUp(sourceOfReplicas(replicas, place.files, shared), directory, options)
  }
  const files = await findRegistryFiles(engine, options)
  const real = (await realpath(directory).catch(ignoreAbsent)) ?? directory
  const root = await realpath(files.root)
  if (`${real}${sep}`.startsWith(`${root}${sep}`)) {
    throw new StrakeError('INVALID', `Cannot back up into ${directory}: the registry is there`, {
      remedy: 'name a directory outside of the storage',
    })
  }
  return await backUp(sourceOfFiles(files), directory, options)
}

/** Makes a registry from a backup: in a new directory, or in an empty database and a bucket. */
export async function restoreRegistry(
  backup: string,
  { config, storage }: FilesOptions,
  signal?: AbortSignal,
): Promise<RestoreReport> {
  if (config !== undefined && storage === undefined) {
    // A registry in a bucket has no files in the store.
    const place = await findPlace({ config, root: async () => '' })
    await using replicas = await openReplicas(place.config.storage ?? {})
    if (replicas !== undefined) {
      const { users } = await sharedAuth(place.config, place.files, replicas.facts)
      return await restoreReplicas(replicas, backup, { signal, users })
    }
  }
  if (storage === undefined) {
    throw new StrakeError('INVALID', 'Cannot restore: no storage is named', {
      remedy: 'give --storage with a new directory, or --config of a registry in a bucket',
    })
  }
  return await restoreBackup(backup, storage, signal)
}
