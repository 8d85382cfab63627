import type { EventActions, LeaseRecord } from '#records'
import type { Engine } from '../engine.ts'

/** What a prune removed. */
export interface Pruned {
  /** Container IDs. */
  readonly containers: readonly string[]
  /** Names that meant a removed image, as people write them. */
  readonly untagged: readonly string[]
  /** Image IDs. */
  readonly images: readonly string[]
  /** Names of volumes. */
  readonly volumes: readonly string[]
  /** Cache keys, and IDs of cache mounts. */
  readonly cache: readonly string[]
  /** Bytes. */
  readonly reclaimed: number
  /** Processes at work, for which content was kept. */
  readonly holders: readonly LeaseRecord[]
}

export const nothingPruned: Pruned = {
  containers: [],
  untagged: [],
  images: [],
  volumes: [],
  cache: [],
  reclaimed: 0,
  holders: [],
}

/** Records a prune. What it removed was recorded one by one. */
export async function notePrune(
  { records }: Pick<Engine, 'records'>,
  type: Exclude<keyof EventActions, 'network'>,
  reclaimed: number,
): Promise<void> {
  const attributes = { reclaimed: String(reclaimed) }
  await records.events.note({ type, action: 'prune', actor: '', attributes })
}
