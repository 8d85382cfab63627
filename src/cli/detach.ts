import type { ContainerEnd } from '#engine/container/container'
import type { Context } from './context.ts'

/** Sets the exit code of the container. After the detach keys, ends the line of the cursor first. */
export function endWith(context: Context, { code, detached }: ContainerEnd): void {
  if (detached) context.signal.throwIfAborted()
  if (detached && context.err.isTerminal) context.err.write('\r\ndetached; it goes on running\n')
  context.exitCode = code
}
