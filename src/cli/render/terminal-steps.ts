import type { ProgressEvent, StepEvent } from '#stream'
import { describeCauses } from './build/explanation.ts'
import { liveArea } from './live.ts'
import type { Output } from './output.ts'
import { type StepRenderer, stepDecoder } from './steps.ts'
import { displayWidth, fit, printable, printableLine } from './text.ts'
import { formatSeconds, formatSize } from './units.ts'

interface Step {
  readonly id: string
  readonly name: string
  readonly started: number
  state: StepEvent['state']
  duration: number
  /** The last lines of its output; the last line may be unfinished. */
  tail: readonly string[]
}

interface Transfer {
  readonly current: number
  readonly total: number
}

/** Lines of a running step on the screen, and of a failed one at the end. */
const shownLines = 6
const keptLines = 60

/** Redraws in place, as BuildKit users expect: finished steps, running steps with their last lines. */
export function terminalSteps(output: Output): StepRenderer {
  const steps = new Map<string, Step>()
  const transfers = new Map<string, Transfer>()
  const warnings: string[] = []
  const explanations: string[] = []
  const logs = stepDecoder()
  const began = performance.now()
  const area = liveArea(output)
  const view = (): View => ({ steps: [...steps.values()], transfers, began, output })
  let isFinished = false
  const timer = setInterval(() => area.draw(composeScreen(view())), 100)
  return {
    emit(event) {
      if (event.type === 'warning') {
        if (isFinished) output.write(describeWarning(event.message))
        else warnings.push(event.message)
      }
      if (event.type === 'explanation') {
        const causes = describeCauses(event).map((line) => `  ${line}\n`)
        explanations.push(`${printable(event.name)} ran:\n${causes.join('')}`)
      }
      if (event.type === 'transfer') updateTransfer(transfers, event)
      if (event.type === 'step') updateStep(steps, event)
      const step = event.type === 'log' ? steps.get(event.id) : undefined
      if (event.type === 'log' && step) appendTail(step, logs.decode(event.id, event.data))
    },
    finish() {
      if (isFinished) return
      isFinished = true
      clearInterval(timer)
      transfers.clear()
      // A step that never started needs no title.
      area.settle(steps.size === 0 ? [] : composeAll(view()))
      for (const step of steps.values()) {
        if (step.state === 'failed') output.write(describeFailure(step))
      }
      for (const text of explanations) output.write(text)
      for (const warning of warnings) output.write(describeWarning(warning))
    },
  }
}

function describeWarning(message: string): string {
  return `WARN: ${printable(message)}\n`
}

function updateStep(steps: Map<string, Step>, event: StepEvent): void {
  const step = steps.get(event.id) ?? {
    id: event.id,
    name: event.name,
    started: performance.now(),
    state: event.state,
    duration: 0,
    tail: [],
  }
  step.state = event.state
  if (event.duration !== undefined) step.duration = event.duration
  steps.set(event.id, step)
}

function updateTransfer(
  transfers: Map<string, Transfer>,
  { id, current, total, done }: Extract<ProgressEvent, { type: 'transfer' }>,
): void {
  if (done || total === undefined) transfers.delete(id)
  else transfers.set(id, { current, total })
}

function appendTail(step: Step, text: string): void {
  const lines = ((step.tail.at(-1) ?? '') + text).split('\n')
  step.tail = [...step.tail.slice(0, -1), ...lines].slice(-keptLines)
}

interface View {
  readonly steps: readonly Step[]
  readonly transfers: ReadonlyMap<string, Transfer>
  readonly began: number
  readonly output: Output
}

/** The steps that fit on the screen: running steps first, then the latest finished steps. */
function composeScreen(view: View): string[] {
  const { steps, output } = view
  const room = Math.max(1, output.rows() - 2)
  const running = steps.filter(({ state }) => state === 'started')
  const tail = Math.max(0, Math.min(shownLines, Math.floor(room / Math.max(1, running.length)) - 1))
  const blocks = steps.map((step) => ({
    isRunning: step.state === 'started',
    lines: composeStep(step, tail, output),
  }))
  const moving = describeTransfers(view)
  let left = room - moving.length
  const kept = new Set<string[]>()
  const latestFirst = blocks.toReversed()
  for (const block of latestFirst.toSorted((a, b) => Number(b.isRunning) - Number(a.isRunning))) {
    if (block.lines.length > left) continue
    left -= block.lines.length
    kept.add(block.lines)
  }
  const shown = blocks.flatMap(({ lines }) => (kept.has(lines) ? lines : []))
  return [composeTitle(view), ...shown, ...moving]
}

function composeAll(view: View): string[] {
  return [composeTitle(view), ...view.steps.flatMap((step) => composeStep(step, 0, view.output))]
}

function composeTitle({ steps, began, output }: View): string {
  const finished = steps.filter(({ state }) => state === 'done' || state === 'cached').length
  const elapsed = formatSeconds(performance.now() - began)
  return fit(`[+] Building ${elapsed} (${finished}/${steps.length})`, output.columns())
}

function composeStep(step: Step, tail: number, output: Output): string[] {
  const columns = output.columns()
  const isRunning = step.state === 'started'
  const time = formatSeconds(isRunning ? performance.now() - step.started : step.duration)
  const title = fit(` => ${labels[step.state]}${printable(step.name)}`, columns - time.length - 1)
  const gap = ' '.repeat(Math.max(1, columns - displayWidth(title) - time.length))
  const line = paint(output, colors[step.state], `${title}${gap}${time}`)
  if (!isRunning || tail === 0) return [line]
  const lines = step.tail.map(printableLine).filter((text) => text !== '')
  return [
    line,
    ...lines.slice(-tail).map((text) => paint(output, dim, fit(` => => # ${text}`, columns))),
  ]
}

const labels = { started: '', done: '', cached: 'CACHED ', failed: 'ERROR ', canceled: 'CANCELED ' }
const [dim, red, blue, yellow] = ['2', '31', '34', '33']
const colors = { started: '', done: blue, cached: blue, failed: red, canceled: yellow }

function paint(output: Output, color: string | undefined, text: string): string {
  return output.color && color ? `\u001b[${color}m${text}\u001b[0m` : text
}

/** One line for all transfers, so that a step that waits for the network shows activity. */
function describeTransfers({ transfers, output }: View): string[] {
  if (transfers.size === 0) return []
  const all = [...transfers.values()]
  const current = formatSize(all.reduce((sum, one) => sum + one.current, 0))
  const total = formatSize(all.reduce((sum, one) => sum + one.total, 0))
  const what = all.length === 1 ? '1 blob' : `${all.length} blobs`
  return [fit(` => => transferring ${what} ${current} / ${total}`, output.columns())]
}

/** The end of the output of a failed step, as BuildKit shows it. */
function describeFailure(step: Step): string {
  const lines = step.tail.map(printableLine).filter((text) => text !== '')
  if (lines.length === 0) return ''
  const rule = '------'
  return `${[rule, ` > ${printable(step.name)}:`, ...lines, rule].join('\n')}\n`
}
