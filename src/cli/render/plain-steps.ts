import type { StepEvent } from '#stream'
import { describeCauses } from './build/explanation.ts'
import type { Output } from './output.ts'
import { type StepRenderer, stepDecoder } from './steps.ts'
import { printable, printableLine } from './text.ts'
import { formatSeconds, formatSize, shortId } from './units.ts'

interface PlainStep {
  readonly number: number
  started: number
  /** The unfinished last line. */
  rest: string
}

/** Plain lines as `docker build --progress plain` prints them: `#5 0.123 text`, `#5 DONE 1.2s`. */
export function plainSteps(
  output: Output,
  now: () => number = () => performance.now(),
): StepRenderer {
  const steps = new Map<string, PlainStep>()
  const logs = stepDecoder()
  const stepOf = (id: string, name?: string): PlainStep => {
    const known = steps.get(id)
    if (known) return known
    const step = { number: steps.size + 1, started: now(), rest: '' }
    steps.set(id, step)
    if (name !== undefined) output.write(`#${step.number} ${printable(name)}\n`)
    return step
  }
  const print = (step: PlainStep, text: string): void => {
    const seconds = ((now() - step.started) / 1000).toFixed(3)
    output.write(`#${step.number} ${seconds} ${printableLine(text)}\n`)
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
        const end = describeEnd(event)
        if (end !== undefined) output.write(`#${step.number} ${end}\n\n`)
      }
      if (event.type === 'explanation') {
        const { number } = stepOf(event.id, event.name)
        for (const line of describeCauses(event)) output.write(`#${number} runs: ${line}\n`)
      }
      if (event.type === 'warning') output.write(`WARN: ${printable(event.message)}\n`)
      if (event.type === 'transfer' && event.done && event.action === 'download') {
        output.write(`downloaded ${printable(shortId(event.id))} ${formatSize(event.current)}\n`)
      }
      if (event.type !== 'log') return
      const step = stepOf(event.id)
      const lines = (step.rest + logs.decode(event.id, event.data)).split('\n')
      step.rest = lines.pop() ?? ''
      for (const text of lines) print(step, text)
    },
    finish() {
      for (const step of steps.values()) flush(step)
    },
  }
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
