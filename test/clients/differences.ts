import { join, resolve } from 'node:path'
import type { Answers } from './answers.ts'
import { compareShapes } from './shape.ts'

/** Places where strake answers otherwise than Docker, and why. */
export interface Accepted {
  /** A pattern for steps; `*` stands for any text. */
  readonly step: string
  /** A pattern for the place in the answer: `body.HostConfig.Dns`. */
  readonly path: string
  readonly why: string
  /** Chance or the kernel decides whether there is a difference. */
  readonly sometimes?: true
}

interface Rules {
  /** Words that clients compare. A message of Docker with one of them must be the same. */
  readonly words: readonly string[]
  readonly differences: readonly Accepted[]
}

const file = join(resolve(import.meta.dir, '../fixtures/api'), 'differences.json')

export interface Comparison {
  /** Differences without a reason, as lines. */
  readonly unexplained: readonly string[]
  /** Reasons for which there is no difference any more. */
  readonly stale: readonly string[]
}

/** Compares answers. If the status differs with a reason, the rest of that answer is not compared. */
export async function compareAnswers(docker: Answers, strake: Answers): Promise<Comparison> {
  const rules: Rules = await Bun.file(file).json()
  const accepted = rules.differences.map((rule) => ({
    rule,
    step: pattern(rule.step),
    path: pattern(rule.path),
  }))
  const used = new Set<Accepted>()
  const findRule = (step: string, path: string): Accepted | undefined => {
    const found = accepted.find((one) => one.step.test(step) && one.path.test(path))?.rule
    if (found !== undefined) used.add(found)
    return found
  }
  const unexplained: string[] = []
  for (const [step, expected] of Object.entries(docker)) {
    const actual = strake[step]
    if (expected.status !== actual?.status && findRule(step, 'status') !== undefined) continue
    const places = compareShapes(expected as never, actual as never).filter(
      ({ path, expected: words }) =>
        (path !== 'body.message' || rules.words.some((word) => words.includes(word))) &&
        // A header that Docker leaves out harms no client.
        !(path.startsWith('headers.') && words === 'absent'),
    )
    for (const { path, expected: one, actual: other } of places) {
      if (findRule(step, path) === undefined) {
        unexplained.push(`${step}: ${path}: Docker has ${one}, strake has ${other}`)
      }
    }
  }
  const stale = rules.differences.filter((rule) => !rule.sometimes && !used.has(rule))
  return { unexplained, stale: stale.map(({ step, path }) => `${step}: ${path}`) }
}

function pattern(text: string): RegExp {
  const parts = text.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's')
}
