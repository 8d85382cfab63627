import type { ExplainEvent, MissCause } from '#stream'
import { printable } from '../text.ts'

/** Why a step runs, one line for each cause. */
export function describeCauses({
  causes,
  omitted,
}: Pick<ExplainEvent, 'causes' | 'omitted'>): readonly string[] {
  return [
    ...causes.map((cause) => printable(describeCause(cause))),
    ...(omitted > 0 ? [`${omitted} more differences`] : []),
  ]
}

function describeCause(cause: MissCause): string {
  const { kind, subject, before, after } = cause
  switch (kind) {
    case 'new':
      return 'no earlier result of it is known'
    case 'uncached':
      return 'the cache is not used for it'
    case 'lost':
      return 'its earlier result is not in the store'
    case 'builder':
      return 'this version of strake builds it in another way'
    case 'time':
      return change('SOURCE_DATE_EPOCH or --timestamp', cause)
    case 'argument':
      return change(`the build argument ${subject}`, cause)
    case 'environment':
      return change(`the variable ${subject}`, cause)
    case 'mount':
      return change(`the mount at ${subject}`, cause)
    case 'base':
      return change(`the base image ${subject}`, cause)
    case 'step':
    case 'source':
      if (before !== undefined && after !== undefined) {
        return `it uses the result of ${after} instead of ${before}`
      }
      return `${subject} has another result`
    default:
      return change(subject, cause)
  }
}

function change(what: string, { before, after }: MissCause): string {
  if (before === undefined && after === undefined) return `${what} changed`
  if (before === undefined) return `${what} is new: ${after}`
  if (after === undefined) return `${what} was removed: ${before}`
  return `${what} changed: ${before} -> ${after}`
}

const outcomes: Readonly<Record<ExplainEvent['outcome'], string>> = {
  run: 'would run',
  cached: 'cached',
  unsure: 'may run',
}

/** What every step would do, and how many would run. */
export function formatPrediction(steps: readonly Omit<ExplainEvent, 'type' | 'id'>[]): string {
  const lines = steps.flatMap((step) => [
    `${outcomes[step.outcome].padEnd(9)}  ${printable(step.name)}`,
    ...describeCauses(step).map((line) => `${' '.repeat(11)}${line}`),
  ])
  const count = (outcome: ExplainEvent['outcome']): number =>
    steps.filter((step) => step.outcome === outcome).length
  const unsure = count('unsure')
  const more = unsure === 0 ? '' : `, and ${unsure} may run`
  const total = `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`
  return `${[...lines, `${count('run')} of ${total} would run${more}.`].join('\n')}\n`
}
