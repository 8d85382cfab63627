import type { ContainerEnd } from '#engine/container/end'
import type { Context } from './context.ts'

/** Sets the exit code to the container's. After the detach keys, first moves the cursor to a new line. */
export function endWith(context: Context, { code, detached }: ContainerEnd): void {
  if (detached) context.signal.throwIfAborted()
  if (detached && context.err.isTerminal) context.err.write('\r\ndetached; it continues to run\n')
  context.exitCode = code
}
