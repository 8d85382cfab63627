import type { Answer } from './answer.ts'
import { type ProbeDifference, sectionLines } from './probe.ts'

/** The lines that only Docker (`-`) or only strake (`+`) prints, without the wanted differences. */
export function unexplained(
  docker: Pick<Answer, 'output'>,
  strake: Pick<Answer, 'output'>,
  differences: readonly ProbeDifference[],
): readonly string[] {
  const [there, here] = [sectionLines(docker), sectionLines(strake)]
  const isWanted = (program: ProbeDifference['program'], line: string): boolean =>
    differences.some((one) => one.program === program && one.line === line)
  return [
    ...without(there, here)
      .filter((line) => !isWanted('docker', line))
      .map((line) => `- ${line}`),
    ...without(here, there)
      .filter((line) => !isWanted('strake', line))
      .map((line) => `+ ${line}`),
  ]
}

/** The lines of `all` that are not in `others`, each as often as it is missing. */
function without(all: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others]
  return all.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}
