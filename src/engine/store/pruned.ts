import type { EventActions, LeaseRecord } from '#records'
import type { Engine } from '../engine.ts'

/** The result of a prune. */
export interface Pruned {
  /** Container IDs. */
  readonly containers: readonly string[]
  /** Names of removed images, in familiar form. */
  readonly untagged: readonly string[]
  /** Image IDs. */
  readonly images: readonly string[]
  /** Names of networks. */
  readonly networks: readonly string[]
  /** Names of volumes. */
  readonly volumes: readonly string[]
  /** Cache keys, and IDs of cache mounts. */
  readonly cache: readonly string[]
  /** Bytes. */
  readonly reclaimed: number
  /** Running processes for which content was kept. */
  readonly holders: readonly LeaseRecord[]
}

export const nothingPruned: Pruned = {
  containers: [],
  untagged: [],
  images: [],
  networks: [],
  volumes: [],
  cache: [],
  reclaimed: 0,
  holders: [],
}

/** Records a prune as one event. The removed objects have events of their own. */
export async function notePrune(
  { records }: Pick<Engine, 'records'>,
  type: keyof EventActions,
  reclaimed: number,
): Promise<void> {
  const attributes = { reclaimed: String(reclaimed) }
  await records.events.note({ type, action: 'prune', actor: '', attributes })
}
