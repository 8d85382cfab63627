import type { Outcome } from '../e2e/strake.ts'
import type { CommandLine } from './command-line.ts'
import { plain } from './plain.ts'
import { shapeOf } from './shape.ts'

/** What a program answers to a command line, without what differs from run to run. */
export interface Answer {
  readonly line: string
  readonly exitCode: number
  /** Lines of standard output. */
  readonly output: readonly string[]
  /** The first line of standard error, for readers; only the words of the table are compared. */
  readonly error: string
}

export function answerOf({ line, output }: CommandLine, outcome: Outcome, stage: string): Answer {
  const text = (written: string): string => plain(written, stage)
  const error = text(outcome.stderr).trim().split('\n')[0] ?? ''
  return { line, exitCode: outcome.exitCode, output: compared(output, outcome.stdout, text), error }
}

function compared(
  how: CommandLine['output'],
  stdout: string,
  text: (written: string) => string,
): readonly string[] {
  if (how === 'not') return []
  if (how === 'shape') return shapeOf(stdout)
  const lines = text(stdout).replace(/\n$/, '').split('\n')
  if (lines.length === 1 && lines[0] === '') return []
  return how === 'sorted' ? lines.sort() : lines
}
