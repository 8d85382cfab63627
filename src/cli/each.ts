import type { Context } from './context.ts'
import { renderError } from './render/error.ts'

/**
 * Calls `act` for every name and prints its result. As in Docker, a failure is
 * printed, the remaining names are still processed, and the exit code is 1.
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
