import type { DetectedRuntime } from '#runtime'
import type { Roots } from './roots.ts'

/** Returns the runtime that works here, `preferred` if it does. Throws `UNSUPPORTED` when none does. */
export async function findRuntime(
  { run }: Pick<Roots, 'run'>,
  preferred?: string,
): Promise<DetectedRuntime> {
  const { detectRuntime } = await import('#runtime/detect')
  return await detectRuntime({
    root: `${run}/runtime`,
    cache: `${run}/runtime-versions.json`,
    preferred,
  })
}
