import type { ProgressEvent, StepEvent } from '#stream'
import { describeCauses } from './build/explanation.ts'
import { describeFailure } from './build/failure.ts'
import { describeWarning, listWarnings } from './build/warnings.ts'
import type { Output } from './output.ts'
import { type StepRenderer, stepDecoder } from './steps.ts'
import { printable, printableLine } from './text.ts'
import { formatSeconds, formatSize, shortId } from './units.ts'

interface PlainStep {
  readonly number: number
  started: number
  /** The unfinished last line. */
  rest: string
  /** The last lines, for a failure. */
  readonly last: string[]
  /** The name of a step that failed. */
  failed?: string
}

/** Lines of a failed step that are printed again at the end, as in BuildKit. */
const keptLines = 10

/** A program may print one line of any length. A longer one is printed in parts. */
const longestLine = 65_536

/** Plain lines as `docker build --progress plain` prints them: `#5 0.123 text`, `#5 DONE 1.2s`. */
export function plainSteps(
  output: Output,
  now: () => number = () => performance.now(),
): StepRenderer {
  const steps = new Map<string, PlainStep>()
  const logs = stepDecoder()
  const warnings: Extract<ProgressEvent, { type: 'warning' }>[] = []
  const stepOf = (id: string, name?: string): PlainStep => {
    const known = steps.get(id)
    if (known) return known
    const step: PlainStep = {
      number: steps.size + 1,
      started: now(),
      rest: '',
      last: [],
    }
    steps.set(id, step)
    if (name !== undefined) output.write(`#${step.number} ${printable(name)}\n`)
    return step
  }
  const print = (step: PlainStep, text: string): void => {
    const line = `${formatLogTime(now() - step.started)} ${printableLine(text)}`
    output.write(`#${step.number} ${line}\n`)
    step.last.push(line)
    if (step.last.length > keptLines) step.last.shift()
  }
  const flush = (step: PlainStep): void => {
    if (step.rest !== '') print(step, step.rest)
    step.rest = ''
  }
  return {
    emit(event) {
      if (event.type === 'step') {
        const step = stepOf(event.id, event.name)
        if (event.state === 'started') step.started = now()
        else flush(step)
        if (event.state === 'failed') step.failed = event.name
        const end = describeEnd(event)
        if (end !== undefined) output.write(`#${step.number} ${end}\n\n`)
      }
      if (event.type === 'explanation') {
        const { number } = stepOf(event.id, event.name)
        for (const line of describeCauses(event)) output.write(`#${number} runs: ${line}\n`)
      }
      if (event.type === 'warning') {
        output.write(`WARN: ${describeWarning(event)}\n`)
        if (event.place !== undefined) warnings.push(event)
      }
      if (event.type === 'transfer' && event.done && event.action === 'download') {
        output.write(`downloaded ${printable(shortId(event.id))} ${formatSize(event.current)}\n`)
      }
      if (event.type !== 'log') return
      const step = stepOf(event.id)
      const lines = (step.rest + logs.decode(event.id, event.data)).split('\n')
      step.rest = lines.pop() ?? ''
      if (step.rest.length > longestLine) {
        lines.push(step.rest)
        step.rest = ''
      }
      for (const text of lines) print(step, text)
    },
    finish() {
      for (const step of steps.values()) flush(step)
      for (const step of steps.values()) {
        if (step.failed) output.write(describeFailure(step.failed, step.last))
      }
      output.write(listWarnings(warnings.splice(0)))
    },
  }
}

/** Seconds with as many digits as BuildKit prints. */
function formatLogTime(milliseconds: number): string {
  const seconds = milliseconds / 1000
  return seconds.toFixed(seconds < 10 ? 3 : seconds < 100 ? 2 : 1)
}

function describeEnd({ state, duration, error }: StepEvent): string | undefined {
  switch (state) {
    case 'started':
      return undefined
    case 'cached':
      return 'CACHED'
    case 'done':
      return `DONE ${formatSeconds(duration ?? 0)}`
    case 'canceled':
      return 'CANCELED'
    case 'failed':
      return `ERROR: ${printable(error ?? 'failed')}`
  }
}
