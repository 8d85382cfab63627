import type { ProgressEvent, StepEvent } from '#stream'
import { type Output, printable } from './output.ts'
import { formatSeconds } from './units.ts'

/** Shows a build while it runs. `finish` leaves the terminal tidy, also after a failure. */
export interface StepRenderer {
  emit(event: ProgressEvent): void
  finish(): void
}

/** Plain lines as `docker build --progress plain` prints them: `#5 0.123 text`, `#5 DONE 1.2s`. */
export function plainSteps(output: Output): StepRenderer {
  const numbers = new Map<string, number>()
  const started = new Map<string, number>()
  const partial = new Map<string, string>()
  const numberOf = (id: string, name?: string): number => {
    const known = numbers.get(id)
    if (known !== undefined) return known
    const number = numbers.size + 1
    numbers.set(id, number)
    if (name !== undefined) output.write(`#${number} ${printable(name)}\n`)
    return number
  }
  const step = (event: StepEvent): void => {
    const number = numberOf(event.id, event.name)
    if (event.state === 'started') started.set(event.id, performance.now())
    if (event.state === 'cached') output.write(`#${number} CACHED\n\n`)
    if (event.state === 'done') {
      flush(event.id)
      output.write(`#${number} DONE ${formatSeconds(event.duration ?? 0)}\n\n`)
    }
    if (event.state === 'canceled') output.write(`#${number} CANCELED\n\n`)
    if (event.state === 'failed') {
      flush(event.id)
      output.write(`#${number} ERROR: ${printable(event.error ?? 'failed')}\n\n`)
    }
  }
  const line = (id: string, text: string): void => {
    const seconds = (performance.now() - (started.get(id) ?? performance.now())) / 1000
    output.write(`#${numberOf(id)} ${seconds.toFixed(3)} ${printable(text)}\n`)
  }
  const flush = (id: string): void => {
    const rest = partial.get(id)
    if (rest) line(id, rest)
    partial.delete(id)
  }
  return {
    emit(event) {
      if (event.type === 'step') step(event)
      if (event.type === 'warning') output.write(`WARN: ${printable(event.message)}\n`)
      if (event.type !== 'log') return
      const lines = ((partial.get(event.id) ?? '') + decode(event.data)).split('\n')
      partial.set(event.id, lines.pop() ?? '')
      for (const text of lines) line(event.id, text.replace(/\r$/, ''))
    },
    finish() {
      for (const id of partial.keys()) flush(id)
    },
  }
}

interface RunningStep {
  readonly name: string
  readonly started: number
  state: StepEvent['state']
  duration: number
  tail: string[]
}

const tailLines = 6

/** Redraws in place, as BuildKit users expect: finished steps, running steps with their last lines. */
export function terminalSteps(output: Output): StepRenderer {
  const steps = new Map<string, RunningStep>()
  const warnings: string[] = []
  const began = performance.now()
  let drawn = 0
  const dim = (text: string): string => (output.color ? `\u001b[2m${text}\u001b[0m` : text)
  const paint = (step: RunningStep, text: string): string => {
    if (!output.color) return text
    if (step.state === 'failed') return `\u001b[31m${text}\u001b[0m`
    return step.state === 'started' ? text : `\u001b[34m${text}\u001b[0m`
  }
  const draw = (): void => {
    const lines = compose([...steps.values()], began, output.columns(), paint, dim)
    const up = drawn === 0 ? '' : `\u001b[${drawn}F`
    output.write(`${up}${lines.map((text) => `\u001b[2K${text}\n`).join('')}\u001b[J`)
    drawn = lines.length
  }
  const timer = setInterval(draw, 100)
  return {
    emit(event) {
      if (event.type === 'warning') warnings.push(event.message)
      if (event.type === 'log') appendTail(steps.get(event.id), decode(event.data))
      if (event.type === 'step') updateStep(steps, event)
    },
    finish() {
      clearInterval(timer)
      draw()
      for (const warning of warnings) output.write(`WARN: ${printable(warning)}\n`)
    },
  }
}

function updateStep(steps: Map<string, RunningStep>, event: StepEvent): void {
  const known = steps.get(event.id)
  const step = known ?? {
    name: event.name,
    started: performance.now(),
    state: event.state,
    duration: 0,
    tail: [],
  }
  step.state = event.state
  if (event.duration !== undefined) step.duration = event.duration
  if (!known) steps.set(event.id, step)
}

function appendTail(step: RunningStep | undefined, text: string): void {
  if (!step) return
  const lines = ((step.tail.pop() ?? '') + text)
    .split('\n')
    .map((line) => line.replace(/^.*\r(?=.)/, ''))
  step.tail = [...step.tail, ...lines].slice(-tailLines - 1)
}

function compose(
  steps: readonly RunningStep[],
  began: number,
  columns: number,
  paint: (step: RunningStep, text: string) => string,
  dim: (text: string) => string,
): string[] {
  const finished = steps.filter(({ state }) => state === 'done' || state === 'cached').length
  const now = performance.now()
  const lines = [`[+] Building ${formatSeconds(now - began)} (${finished}/${steps.length})`]
  for (const step of steps) {
    const time = formatSeconds(step.state === 'started' ? now - step.started : step.duration)
    const label = {
      started: '',
      done: '',
      cached: 'CACHED ',
      failed: 'ERROR ',
      canceled: 'CANCELED ',
    }[step.state]
    const title = fit(` => ${label}${printable(step.name)}`, columns - time.length - 1)
    lines.push(
      paint(
        step,
        `${title}${' '.repeat(Math.max(1, columns - title.length - time.length))}${time}`,
      ),
    )
    if (step.state !== 'started') continue
    for (const text of step.tail.filter((line) => line !== '').slice(-tailLines)) {
      lines.push(dim(fit(` => => # ${printable(text)}`, columns)))
    }
  }
  return lines
}

function fit(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 3))}...`
}

/** One JSON event per line, for programs. */
export function jsonSteps(output: Output): StepRenderer {
  return {
    emit(event) {
      const record = event.type === 'log' ? { ...event, data: decode(event.data) } : event
      output.write(`${JSON.stringify(record)}\n`)
    },
    finish() {},
  }
}

function decode(data: Uint8Array): string {
  return new TextDecoder().decode(data)
}
