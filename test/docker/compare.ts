import type { Answer } from './answer.ts'
import type { CommandLine } from './command-line.ts'
import type { ShapeDifference } from './differences.ts'
import type { Entry } from './transcript.ts'

/** Exit code, standard output, and whether the words that scripts look for are in standard error. */
export interface Compared {
  readonly exitCode: number
  readonly output: readonly string[]
  readonly says?: boolean
}

/** What is wanted otherwise than in Docker. */
export interface Wanted {
  /** Answers of strake, by their lines. */
  readonly answers: readonly Entry[]
  /** Members of documents that are not compared. */
  readonly shapes: readonly ShapeDifference[]
}

/** What a program answered, as far as it is compared. */
export function compared(answer: Answer, { says, output }: CommandLine, wanted: Wanted): Compared {
  const lines =
    output === 'shape'
      ? answer.output.filter((line) => !wanted.shapes.some(({ member }) => line.includes(member)))
      : answer.output
  const { exitCode, error } = answer
  return { exitCode, output: lines, ...(says === undefined ? {} : { says: error.includes(says) }) }
}

/** What strake must answer: what Docker does, or what the list of wanted differences says. */
export function expected(line: CommandLine, docker: Entry | undefined, wanted: Wanted): Compared {
  const difference = wanted.answers.find((entry) => entry.line === line.line)
  if (difference !== undefined) return compared(difference, line, wanted)
  if (docker?.line !== line.line) {
    throw new Error(`There is no answer of Docker to '${line.line}': run scripts/docker-answers`)
  }
  return compared(docker, line, wanted)
}
