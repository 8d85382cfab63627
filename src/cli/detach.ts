import type { ContainerEnd } from '#engine/container/container'
import type { Context } from './context.ts'

/** Ends as the container did; after the detach keys the cursor still stands in its last line. */
export function endWith(context: Context, { code, detached }: ContainerEnd): void {
  if (detached) context.signal.throwIfAborted()
  if (detached && context.err.isTerminal) context.err.write('\r\ndetached; it goes on running\n')
  context.exitCode = code
}
