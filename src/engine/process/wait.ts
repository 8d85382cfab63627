import { getContainer } from '#container'
import { isStrakeError, StrakeError } from '#oci'
import { waitContainer } from '../container/container.ts'
import type { Engine } from '../engine.ts'

export type WaitCondition =
  /** Returns at once for a container that does not run. */
  | 'not-running'
  /** The next end, also of a container that is not started yet. */
  | 'next-exit'
  /** The removal of the container, after its last end. */
  | 'removed'

export interface WaitOptions {
  readonly condition: WaitCondition
  readonly signal: AbortSignal
}

/**
 * Waits for a container and returns its exit code. Watching begins with the call. Throws
 * `NOT_FOUND` for a container that is removed before it ends, and the reason of `signal`.
 */
export async function waitForCondition(
  engine: Engine,
  id: string,
  { condition, signal }: WaitOptions,
): Promise<number> {
  if (condition === 'not-running') return await waitContainer(engine, id, { signal })
  const stop = new AbortController()
  try {
    // Begins before the look at the last end, so that no end is missed between the two.
    const events = engine.records.events.follow({ signal: AbortSignal.any([signal, stop.signal]) })
    let code = lastExitCode(engine, id)
    for await (const { type, action, actor, attributes } of events) {
      if (type !== 'container' || actor !== id) continue
      if (action === 'die') {
        code = Number(attributes['exitCode'] ?? 0)
        if (condition === 'next-exit') return code
      }
      if (action === 'destroy') {
        if (condition === 'removed') return code
        throw new StrakeError('NOT_FOUND', `Cannot wait for container ${id}: it was removed`)
      }
    }
    throw new StrakeError('INTERNAL', `Cannot wait for container ${id}: the events ended`)
  } finally {
    stop.abort()
  }
}

/** The exit code of the last end; 0 before the first. */
function lastExitCode(engine: Engine, id: string): number {
  try {
    return getContainer(engine, id).state.exitCode
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return 0
    throw error
  }
}
