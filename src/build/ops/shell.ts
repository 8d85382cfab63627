import { StrakeError } from '#oci'
import { StartError } from '#runtime'
import type { RunOp, Vertex } from '../model/graph.ts'
import type { StepContainer } from './run-container.ts'

interface Shell {
  readonly op: RunOp
  readonly vertex: Pick<Vertex, 'name'>
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs a shell in the container of a RUN, with the terminal of this process, and returns its exit
 * code. Throws `NOT_FOUND` when the file system has no shell.
 */
export async function runShell(
  container: StepContainer,
  { op, vertex, signal }: Shell,
): Promise<number> {
  const shell = shellOf(op)
  try {
    return await container.run({ argv: [shell], streams: 'terminal', signal })
  } catch (error) {
    if (!(error instanceof StartError) || error.code !== 'NOT_FOUND') throw error
    const reason = `its file system has no ${shell} that can run`
    throw new StrakeError('NOT_FOUND', `Cannot open a shell in ${vertex.name}: ${reason}`, {
      cause: error,
      remedy: 'open it in a stage that has a shell',
    })
  }
}

/** Returns the shell of SHELL if the command of the RUN has one. */
function shellOf({ argv }: RunOp): string {
  const [shell] = argv
  return shell !== undefined && argv.at(-2) === '-c' ? shell : '/bin/sh'
}
