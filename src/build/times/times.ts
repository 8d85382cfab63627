import { StrakeError } from '#oci'
import type { Vertex } from '../model/graph.ts'

/**
 * What times a build writes.
 *
 * - `fixed`: one epoch for everything. `isExplicit` when the user named it: then
 *   it is an input like any other and part of every key.
 * - `newest`: nobody named one; a layer's epoch is that of the newest context
 *   file its step or a step below it used.
 * - `now`: times are kept as they are, as Docker keeps them.
 */
export type Times =
  | { readonly kind: 'fixed'; readonly epoch: number; readonly isExplicit: boolean }
  | { readonly kind: 'newest'; readonly epochs: ReadonlyMap<Vertex['digest'], number> }
  | { readonly kind: 'now' }

/** The epoch of one step, in seconds; `undefined` when times are kept. */
export function stepEpoch(times: Times, vertex: Vertex): number | undefined {
  if (times.kind === 'now') return undefined
  return times.kind === 'fixed' ? times.epoch : (times.epochs.get(vertex.digest) ?? 0)
}

/**
 * The epoch's share of a key. One that follows from the context is left out: it
 * moves with every commit, and nothing else of the step has changed.
 */
export function timesKey(times: Times): string {
  if (times.kind === 'now') return 'kept'
  return times.kind === 'fixed' && times.isExplicit ? String(times.epoch) : 'derived'
}

/** The end of the year 9999, the last one that RFC 3339 can write. */
const lastEpoch = 253_402_300_799

/** Reads SOURCE_DATE_EPOCH; empty means it is not set (DF-048). Throws `INVALID`. */
export function parseEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const epoch = Number(text)
  if (/^\d{1,12}$/.test(text) && epoch <= lastEpoch) return epoch
  throw new StrakeError(
    'INVALID',
    `Cannot use SOURCE_DATE_EPOCH=${text}: it is not a number of seconds since 1970`,
  )
}

/** `2026-11-23T06:00:00Z`: seconds since 1970 as images write them. */
export function formatTime(epoch: number): string {
  return new Date(epoch * 1000).toISOString().replace('.000Z', 'Z')
}
