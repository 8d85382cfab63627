import { killByWords } from '#platform'

/**
 * Ends a runtime that still starts the container of a bundle, although the process that waited for it
 * was killed. Otherwise the container would begin to run later, and nobody would know of it.
 */
export function endStart(bundle: string): void {
  killByWords(['--bundle', bundle])
}
