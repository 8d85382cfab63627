import type { ProgressEvent, StepEvent } from '#stream'
import { describeCauses } from './build/explanation.ts'
import { describeFailure } from './build/failure.ts'
import { readStepStyle, type StepStyle } from './build/style.ts'
import { describeWarning, listWarnings } from './build/warnings.ts'
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

/** Lines of a failed step that are printed at the end. */
const keptLines = 60

/** A program may print one line of any length. Only its end is kept. */
const longestLine = 4096

/** Redraws in place, as BuildKit users expect: finished steps, running steps with their last lines. */
export function terminalSteps(
  output: Output,
  style: StepStyle = readStepStyle(process.env),
): StepRenderer {
  const steps = new Map<string, Step>()
  const transfers = new Map<string, Transfer>()
  const warnings: Extract<ProgressEvent, { type: 'warning' }>[] = []
  const explanations: string[] = []
  const logs = stepDecoder()
  const began = performance.now()
  const area = liveArea(output)
  let isFinished = false
  const view = (): View => ({
    steps: [...steps.values()],
    transfers,
    began,
    output,
    style,
    isOver: isFinished,
  })
  const timer = setInterval(() => area.draw(composeScreen(view())), 100)
  return {
    emit(event) {
      if (event.type === 'warning') {
        if (isFinished) output.write(`WARN: ${describeWarning(event)}\n`)
        else warnings.push(event)
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
        if (step.state !== 'failed') continue
        output.write(describeFailure(step.name, printableLines(step)))
      }
      for (const text of explanations) output.write(text)
      output.write(listWarnings(warnings))
    },
  }
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
  const last = lines.pop() ?? ''
  const kept = [...step.tail.slice(0, -1), ...lines, last.slice(-longestLine)]
  step.tail = kept.slice(-keptLines)
}

interface View {
  readonly steps: readonly Step[]
  readonly transfers: ReadonlyMap<string, Transfer>
  readonly began: number
  readonly output: Output
  readonly style: StepStyle
  readonly isOver: boolean
}

/** The steps that fit on the screen: running steps first, then the latest finished steps. */
function composeScreen(view: View): string[] {
  const { steps, output, style } = view
  const room = Math.max(1, output.rows() - 2)
  const running = steps.filter(({ state }) => state === 'started')
  const tail = Math.max(
    0,
    Math.min(style.logLines, Math.floor(room / Math.max(1, running.length)) - 1),
  )
  const blocks = steps.map((step) => ({
    isRunning: step.state === 'started',
    lines: composeStep(step, tail, view),
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
  return [composeTitle(view), ...view.steps.flatMap((step) => composeStep(step, 0, view))]
}

function composeTitle({ steps, began, output, isOver }: View): string {
  const finished = steps.filter(({ state }) => state === 'done' || state === 'cached').length
  const elapsed = formatSeconds(performance.now() - began)
  const end = isOver && finished === steps.length ? ' FINISHED' : ''
  return fit(`[+] Building ${elapsed} (${finished}/${steps.length})${end}`, output.columns())
}

function composeStep(step: Step, tail: number, { output, style }: View): string[] {
  const columns = output.columns()
  const isRunning = step.state === 'started'
  const time = formatSeconds(isRunning ? performance.now() - step.started : step.duration)
  const title = fit(` => ${labels[step.state]}${printable(step.name)}`, columns - time.length - 1)
  const gap = ' '.repeat(Math.max(1, columns - displayWidth(title) - time.length))
  const line = paint(output, colorOf(step.state, style), `${title}${gap}${time}`)
  if (!isRunning || tail === 0) return [line]
  return [
    line,
    ...printableLines(step)
      .slice(-tail)
      .map((text) => paint(output, dim, fit(` => => # ${text}`, columns))),
  ]
}

function printableLines({ tail }: Step): readonly string[] {
  return tail.map(printableLine).filter((text) => text !== '')
}

const labels = { started: '', done: '', cached: 'CACHED ', failed: 'ERROR ', canceled: 'CANCELED ' }
const dim = '2'

function colorOf(state: StepEvent['state'], style: StepStyle): string {
  if (state === 'started') return ''
  return state === 'failed' ? style.error : state === 'canceled' ? style.cancel : style.run
}

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
