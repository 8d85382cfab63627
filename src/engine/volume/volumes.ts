import { isStrakeError } from '#oci'
import type { VolumeRecord } from '#records'
import {
  type CreateVolumeOptions,
  createVolume as create,
  getVolume,
  listVolumes as list,
  removeVolume as remove,
  volumeData,
} from '#volume'
import { beginRemoval } from '../begin-work.ts'
import type { Engine } from '../engine.ts'
import { requireFacts } from '../facts.ts'
import { passesVolumeFilter, type VolumeFilter } from './volume-filter.ts'
import { volumeUsers } from './volume-users.ts'

/** A volume and where its files are. */
export interface VolumeDetails extends VolumeRecord {
  /** The directory that containers see. */
  readonly mountpoint: string
}

/**
 * Creates a volume, or returns the one of that name. Without a name the volume is
 * anonymous: `volume prune` removes it once no container uses it. Throws `INVALID`.
 */
export async function createVolume(
  engine: Engine,
  options: Omit<CreateVolumeOptions, 'isAnonymous'> = {},
): Promise<VolumeDetails> {
  engine.records.guardRoom()
  const isAnonymous = options.name === undefined
  return describe(engine, await create(engine, { ...options, isAnonymous }))
}

/** Throws `NOT_FOUND`. */
export function inspectVolume(engine: Engine, name: string): VolumeDetails {
  return describe(engine, getVolume(engine, name))
}

/** Returns the volumes that match a filter, sorted by name. */
export function listVolumes(engine: Engine, filter: VolumeFilter = {}): readonly VolumeDetails[] {
  const users = volumeUsers(engine)
  return list(engine)
    .filter((volume) => passesVolumeFilter(filter, volume, users.has(volume.name)))
    .map((volume) => describe(engine, volume))
}

/**
 * Removes a volume with its files. Returns false for an absent volume with `force`. Throws
 * `CONFLICT` when a container uses it, running or not, and `NOT_FOUND`.
 */
export async function removeVolume(
  engine: Engine,
  name: string,
  { force = false }: { readonly force?: boolean | undefined } = {},
): Promise<boolean> {
  // Without the records of containers, it is unknown which volumes they use.
  requireFacts(engine)
  // A lease of a dead process makes the next command remove what is left of the files.
  await using _lease = await beginRemoval(engine, `volume rm ${name}`)
  try {
    await remove(engine, name, { usersOf: (one) => volumeUsers(engine).get(one) ?? [] })
    return true
  } catch (error) {
    if (force && isStrakeError(error, 'NOT_FOUND')) return false
    throw error
  }
}

function describe(engine: Engine, volume: VolumeRecord): VolumeDetails {
  return { ...volume, mountpoint: volumeData(engine, volume.name) }
}
