import { StrakeError } from '#oci'
import type { Vertex } from '../model/graph.ts'

/**
 * The times that a build writes.
 *
 * - `fixed`: one epoch for all layers. `isExplicit` is true when the user named it.
 *   Then it is part of every key.
 * - `newest`: without an epoch of the user, the epoch of a layer is the time of the
 *   newest context file that its step or a step below it used.
 * - `now`: times are kept, as in Docker.
 */
export type Times =
  | { readonly kind: 'fixed'; readonly epoch: number; readonly isExplicit: boolean }
  | { readonly kind: 'newest'; readonly epochs: ReadonlyMap<Vertex['digest'], number> }
  | { readonly kind: 'now' }

/** Returns the epoch of one step, in seconds, or `undefined` when times are kept. */
export function stepEpoch(times: Times, vertex: Vertex): number | undefined {
  if (times.kind === 'now') return undefined
  return times.kind === 'fixed' ? times.epoch : (times.epochs.get(vertex.digest) ?? 0)
}

/**
 * Returns the epoch for a key. An epoch from the context is left out, because it
 * changes with every commit, also when the step is the same.
 */
export function timesKey(times: Times): string {
  if (times.kind === 'now') return 'kept'
  return times.kind === 'fixed' && times.isExplicit ? String(times.epoch) : 'derived'
}

/** The end of the year 9999, the last year of RFC 3339. */
export const lastEpoch = 253_402_300_799

/** Reads SOURCE_DATE_EPOCH. An empty text counts as absent. Throws `INVALID`. */
export function parseEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const epoch = Number(text)
  if (/^\d{1,12}$/.test(text) && epoch <= lastEpoch) return epoch
  throw new StrakeError(
    'INVALID',
    `Cannot use SOURCE_DATE_EPOCH=${text}: it is not a number of seconds since 1970`,
  )
}

/** Formats seconds since 1970 for an image: `2026-11-23T06:00:00Z`. */
export function formatTime(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')
}
