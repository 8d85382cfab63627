import { StrakeError } from '#oci'
import { type PlacedEntry, printableName } from '#tar'

/** Adds the path of the entry to the reason why it cannot be applied. */
export function refusal(entry: PlacedEntry, reason: string, cause?: unknown): StrakeError {
  const where = `${printableName(entry.path)} at offset ${entry.headerOffset}`
  const message = `Cannot apply tar entry ${where}: ${reason}`
  return new StrakeError('INVALID', message, { cause })
}
