import type { Descriptor } from '#oci'
import type { ReadOptions } from './store.ts'

/** Returns the requested part of `target`. Only complete reads are verified. Throws `RangeError`. */
export function rangeOf(
  target: Descriptor,
  { start = 0, end = target.size }: ReadOptions,
): { readonly start: number; readonly end: number; readonly isWhole: boolean } {
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end)) {
    throw new RangeError(`Bytes ${start} to ${end} are not a range`)
  }
  const last = Math.min(end, target.size)
  return { start: Math.min(start, last), end: last, isWhole: start === 0 && last === target.size }
}
