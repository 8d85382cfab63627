import { isStrakeError } from '#oci'
import type { DetectedRuntime, Runtime } from '#runtime'
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

/** Programs that `--runtime` names most often. */
const usual = ['crun', 'runc', 'youki', 'runsc'] as const

/** Returns the usual runtimes that are installed and work here. */
export async function installedRuntimes(roots: Pick<Roots, 'run'>): Promise<readonly Runtime[]> {
  const found = await Promise.all(
    usual.map(async (name) => {
      try {
        return [(await findRuntime(roots, name)).runtime]
      } catch (error) {
        if (!isStrakeError(error, 'UNSUPPORTED')) throw error
        return []
      }
    }),
  )
  return found.flat()
}
