import { ruleUrl } from '#dockerfile/lint/rules'
import { sha256 } from '#oci'
import type { ProgressEvent, StepEvent } from '#stream'
import type { StatusResponse, Vertex, VertexStatus, VertexWarning } from '../messages/status.ts'
import { timestamp } from './timestamp.ts'

/** Progress of a transfer within a step. A line of its own shows it. */
export interface StepStatus {
  /** The name of the step. */
  readonly step: string
  /** The text of the line: `transferring context:`. */
  readonly id: string
  readonly current: number
  readonly total?: number | undefined
  readonly done?: boolean | undefined
}

export interface ProgressOptions {
  /** Distinguishes the build from others that a client shows beside it. */
  readonly build: string
  /** The step that the warnings about the Dockerfile belong to. */
  readonly definition: string
  readonly add: (message: StatusResponse) => void
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

/** Milliseconds between two messages about one transfer. */
const pause = 100

/** The words for transfers. Others take no time. */
const actions: Readonly<Partial<Record<Transfer['action'], string>>> = {
  download: '',
  upload: 'pushing ',
  unpack: 'extracting ',
  compress: 'compressing ',
}
type Transfer = Extract<ProgressEvent, { type: 'transfer' }>

/** Turns the events of one build into the messages of BuildKit about it. */
export class BuildProgress {
  readonly #options: ProgressOptions
  readonly #now: () => number
  readonly #started = new Map<string, number>()
  /** The running steps, the newest last. */
  readonly #running = new Set<string>()
  readonly #shown = new Map<string, number>()

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  readonly emit = (event: ProgressEvent): void => {
    switch (event.type) {
      case 'step':
        this.#addStep(event)
        break
      case 'log': {
        const { id, stream, data } = event
        // The sender may use the bytes again.
        const msg = Uint8Array.from(data)
        const number = stream === 'stdout' ? 1 : 2
        this.#add({
          logs: [{ vertex: this.#vertexId(id), stream: number, msg, timestamp: this.#time() }],
        })
        break
      }
      case 'transfer':
        this.#addTransfer(event)
        break
      case 'warning':
        this.#addWarning(event)
        break
      case 'status':
        this.#addText(event.message)
        break
      case 'explanation':
        break
    }
  }

  /** Shows work as a step. The step is there before anything that belongs to it. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const step = { type: 'step', id: name, name } as const
    this.emit({ ...step, state: 'started' })
    try {
      const result = await work()
      this.emit({ ...step, state: 'done' })
      return result
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.emit({ ...step, state: 'failed', error: message.split('\n', 1)[0] ?? '' })
      throw error
    }
  }

  /** Shows a line within a step. */
  status({ step, id, current, total, done = false }: StepStatus): void {
    const key = `${step}\0${id}`
    const now = this.#now()
    const isFirst = !this.#started.has(key)
    if (!done && !isFirst && now - (this.#shown.get(key) ?? 0) < pause) return
    this.#shown.set(key, now)
    const status: VertexStatus = {
      ID: id,
      vertex: this.#vertexId(step),
      current,
      ...(total !== undefined && { total }),
      timestamp: timestamp(now),
      started: timestamp(this.#startOf(key)),
      ...(done && { completed: timestamp(now) }),
    }
    this.#add({ statuses: [status] })
  }

  /** Returns a function that shows only steps that were not shown until now. */
  emitNew(): (event: ProgressEvent) => void {
    const known = new Set(this.#started.keys())
    return (event) => {
      const isKnown = (event.type === 'step' || event.type === 'log') && known.has(event.id)
      if (!isKnown && event.type !== 'warning') this.emit(event)
    }
  }

  /** Ends the steps that run still, as they do when a build is cancelled. */
  cancel(): void {
    for (const id of [...this.#running]) {
      this.#addStep({ type: 'step', id, name: id, state: 'canceled' })
    }
  }

  #addStep({ id, name, state, error }: StepEvent): void {
    if (state === 'started') this.#running.add(id)
    else this.#running.delete(id)
    const vertex: Vertex = {
      digest: this.#vertexId(id),
      name,
      started: timestamp(this.#startOf(id)),
      ...(state !== 'started' && { completed: this.#time() }),
      ...(state === 'cached' && { cached: true }),
      ...(state === 'failed' && { error: error || 'failed' }),
      ...(state === 'canceled' && { error: 'context canceled' }),
    }
    this.#add({ vertexes: [vertex] })
  }

  /** A transfer belongs to the step that began last, because the engine does not tell which. */
  #addTransfer({ id, action, current, total, done }: Transfer): void {
    const step = [...this.#running].at(-1)
    const word = actions[action]
    if (step === undefined || word === undefined) return
    this.status({ step, id: word + id, current, total, done })
  }

  #addText(text: string): void {
    const step = [...this.#running].at(-1)
    if (step === undefined) return
    const msg = new TextEncoder().encode(`${text}\n`)
    this.#add({ logs: [{ vertex: this.#vertexId(step), stream: 2, msg, timestamp: this.#time() }] })
  }

  #addWarning({ message, rule, place }: Extract<ProgressEvent, { type: 'warning' }>): void {
    const text = rule === undefined ? message : `${rule}: ${message}`
    const short = place === undefined ? text : `${text} (line ${place.line})`
    const warning: VertexWarning = {
      vertex: this.#vertexId(this.#options.definition),
      level: 1,
      short: new TextEncoder().encode(short),
      ...(rule !== undefined && { url: ruleUrl(rule) }),
      ...(place !== undefined && {
        info: { filename: place.file, language: 'Dockerfile', data: placed(place) },
        ranges: [{ start: { line: place.line }, end: { line: place.line } }],
      }),
    }
    this.#add({ warnings: [warning] })
  }

  #add(message: StatusResponse): void {
    this.#options.add(message)
  }

  /** Steps of the builder itself have names instead of digests. Those of two builds differ. */
  #vertexId(id: string): string {
    return id.startsWith('sha256:') ? id : sha256(`${this.#options.build} ${id}`)
  }

  #time(): VertexStatus['timestamp'] {
    return timestamp(this.#now())
  }

  #startOf(key: string): number {
    const time = this.#started.get(key) ?? this.#now()
    this.#started.set(key, time)
    return time
  }
}

/** A file in which only the line of a warning is known. */
function placed({ line, text }: { readonly line: number; readonly text: string }): Uint8Array {
  return new TextEncoder().encode('\n'.repeat(Math.max(line - 1, 0)) + text)
}
