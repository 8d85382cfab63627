import type { ProgressEvent } from '#stream'
import type { StepCounts } from './record.ts'

/** An event of a build, and the milliseconds since its beginning. */
export interface LoggedEvent {
  readonly at: number
  readonly event: ProgressEvent
}

/** A warning of a build. Those of build checks have the name of their rule. */
export type BuildWarning = Extract<ProgressEvent, { type: 'warning' }>

/** The most characters of the events of one build. */
const mostText = 4 * 2 ** 20

/** Shorter secrets would be found in texts by chance. */
const shortestSecret = 4

/** Collects the events of a build in memory. Values of secrets are replaced in the output of steps. */
export class BuildLog {
  readonly #begin = performance.now()
  readonly #lines: string[] = []
  readonly #decoders = new Map<string, TextDecoder>()
  /** The unfinished last line of each step. */
  readonly #rests = new Map<string, string>()
  readonly #steps = new Map<string, string>()
  readonly warnings: BuildWarning[] = []
  #secrets: readonly string[] = []
  #size = 0

  /** The values that RUN gets. Output that came before is not changed. */
  hide(secrets: Iterable<Uint8Array>): void {
    const texts = Array.from(secrets, (secret) => new TextDecoder().decode(secret))
    const lines = texts.flatMap((text) => text.split('\n')).map((line) => line.trim())
    this.#secrets = lines.filter((line) => line.length >= shortestSecret)
  }

  /** Replaces the values of secrets in a text. */
  hidden(text: string): string {
    return this.#secrets.reduce((all, secret) => all.replaceAll(secret, '***'), text)
  }

  readonly add = (event: ProgressEvent): void => {
    if (event.type === 'transfer') return
    if (event.type === 'log') {
      this.#addOutput(event)
      return
    }
    if (event.type === 'warning') this.warnings.push(event)
    if (event.type === 'step') {
      if (event.state !== 'started') this.#endLine(event.id)
      this.#steps.set(event.id, event.state)
    }
    this.#write(event)
  }

  /** The numbers of steps of the Dockerfile. */
  get counts(): StepCounts {
    const states = [...this.#steps].filter(([id]) => id.startsWith('sha256:')).map(([, s]) => s)
    const cached = states.filter((state) => state === 'cached').length
    const done = states.filter((state) => state === 'done').length
    return { total: states.length, completed: cached + done, cached }
  }

  /** One JSON object for each event and line. */
  get text(): string {
    for (const id of this.#rests.keys()) this.#endLine(id)
    return this.#lines.join('')
  }

  /** Whole lines are kept, so that a secret is not divided between two chunks. */
  #addOutput({ id, stream, data }: Extract<ProgressEvent, { type: 'log' }>): void {
    const decoder = this.#decoders.get(id) ?? new TextDecoder()
    this.#decoders.set(id, decoder)
    const text = (this.#rests.get(id) ?? '') + decoder.decode(data, { stream: true })
    const end = text.lastIndexOf('\n') + 1
    // A program may write a long text without a line break.
    const cut = text.length - end > 65_536 ? text.length : end
    this.#rests.set(id, text.slice(cut))
    if (cut > 0) this.#writeOutput(id, stream, text.slice(0, cut))
  }

  #endLine(id: string): void {
    const rest = this.#rests.get(id) ?? ''
    this.#rests.delete(id)
    if (rest !== '') this.#writeOutput(id, 'stdout', rest)
  }

  #writeOutput(id: string, stream: 'stdout' | 'stderr', text: string): void {
    this.#write({ type: 'log', id, stream, text: this.hidden(text) })
  }

  #write(event: object): void {
    if (this.#size > mostText) return
    const line = `${JSON.stringify({ at: Math.round(performance.now() - this.#begin), event })}\n`
    this.#size += line.length
    this.#lines.push(this.#size > mostText ? this.#clipped() : line)
  }

  #clipped(): string {
    const event = { type: 'warning', message: 'the rest of the output was not recorded' }
    return `${JSON.stringify({ at: Math.round(performance.now() - this.#begin), event })}\n`
  }
}

/** Reads the events of a log. Lines that are damaged are left out. */
export function* readLog(text: string): Generator<LoggedEvent> {
  for (const line of text.split('\n')) {
    const found = readLine(line)
    if (found !== undefined) yield found
  }
}

function readLine(line: string): LoggedEvent | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('event' in value)) return undefined
  const at = 'at' in value && typeof value.at === 'number' ? value.at : 0
  const event = readEvent(value.event)
  return event && { at, event }
}

const states = ['started', 'cached', 'done', 'failed', 'canceled'] as const

function readEvent(value: unknown): ProgressEvent | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const members: Readonly<Record<string, unknown>> = { ...value }
  const text = (name: string): string => {
    const found = members[name]
    return typeof found === 'string' ? found : ''
  }
  switch (members['type']) {
    case 'step': {
      const state = states.find((each) => each === members['state'])
      if (state === undefined) return undefined
      const { duration, error } = members
      return {
        type: 'step',
        id: text('id'),
        name: text('name'),
        state,
        ...(typeof duration === 'number' && { duration }),
        ...(typeof error === 'string' && { error }),
      }
    }
    case 'log': {
      const stream = members['stream'] === 'stderr' ? 'stderr' : 'stdout'
      const data = new TextEncoder().encode(text('text'))
      return { type: 'log', id: text('id'), stream, data }
    }
    case 'warning':
      return { type: 'warning', message: text('message') }
    default:
      return undefined
  }
}
