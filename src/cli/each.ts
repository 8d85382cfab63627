import type { Context } from './context.ts'
import { renderError } from './render/error.ts'

/**
 * Does the same for every name, as Docker does: a failure is printed, the rest
 * goes on, and the exit code is 1 in the end. Prints what `act` returns.
 */
export async function forEachName(
  context: Context,
  names: readonly string[],
  act: (name: string) => Promise<string | undefined>,
): Promise<void> {
  for (const name of names) {
    try {
      const line = await act(name)
      if (line !== undefined) context.out.write(`${line}\n`)
    } catch (error) {
      if (context.signal.aborted) throw error
      renderError(context.err, error, context.debug)
      context.exitCode = 1
    }
  }
}
