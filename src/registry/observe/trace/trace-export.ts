import { channel } from 'node:diagnostics_channel'
import { sleep } from '#platform'
import { isLoopback } from '../../http/address.ts'
import type { Fetch } from '../../http/transport.ts'
import { createCounter, type Family } from '../metric.ts'
import { formatSpans, type Span } from './span.ts'

const failures = channel('registry:trace-failure')

/** The most spans of one export, and those that wait. The oldest of more are dropped. */
const mostSent = 512
const mostWaiting = 4096

/** Milliseconds for which spans are gathered, and the longest wait after failures. */
const gathering = 2000
const longestWait = 60_000

/** Milliseconds for one export. */
const patience = 10_000

export interface TraceExportOptions {
  /** The name of the program in traces. */
  readonly service: string
  /** `http://127.0.0.1:4318/v1/traces` */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly fetch?: Fetch | undefined
  /** Throws when the signal aborts. */
  readonly sleep?: ((milliseconds: number, signal: AbortSignal) => Promise<void>) | undefined
}

/**
 * Sends spans to a collector in batches, beside the requests. A collector that is slow or away costs
 * spans, and never a request or memory without bound.
 */
export class TraceExport implements AsyncDisposable {
  readonly families: readonly Family[]
  readonly #options: TraceExportOptions
  readonly #spans: Span[] = []
  readonly #stop = new AbortController()
  readonly #count = createCounter({
    name: 'strake_trace_spans_total',
    help: 'Spans: sent to the collector, and dropped because it was away.',
    labels: ['result'],
  })
  #running: Promise<void> | undefined

  constructor(options: TraceExportOptions) {
    this.#options = options
    this.families = [this.#count]
    // Prometheus sees no increase in a number that was not there before.
    for (const result of ['sent', 'dropped']) this.#count.add([result], 0)
  }

  add(span: Span): void {
    this.#spans.push(span)
    if (this.#spans.length > mostWaiting) {
      this.#spans.shift()
      this.#count.add(['dropped'])
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Sends what waits, once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
    while (this.#spans.length > 0 && (await this.#sendSome()));
    this.#count.add(['dropped'], this.#spans.length)
  }

  async #run(): Promise<void> {
    let wait = gathering
    while (this.#spans.length > 0 && !this.#stop.signal.aborted) {
      await (this.#options.sleep ?? sleep)(wait, this.#stop.signal).catch(() => {})
      if (this.#stop.signal.aborted) return
      wait = (await this.#sendSome()) ? gathering : Math.min(wait * 2, longestWait)
    }
  }

  /** Returns false when the collector did not take the spans, which then wait. */
  async #sendSome(): Promise<boolean> {
    const { url, headers, service, fetch: send = fetch } = this.#options
    const sent = this.#spans.splice(0, mostSent)
    try {
      const response = await send(url.href, {
        method: 'POST',
        redirect: 'error',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: formatSpans(sent, service),
        signal: AbortSignal.timeout(patience),
        // Otherwise the runtime would use the proxy of the environment for this machine too.
        ...(isLoopback(url.hostname) && { proxy: false }),
      } as RequestInit)
      await response.body?.cancel()
      if (!response.ok) throw new Error(`the collector answered ${response.status}`)
      this.#count.add(['sent'], sent.length)
      return true
    } catch (error) {
      failures.publish({ error })
      const room = Math.max(0, mostWaiting - this.#spans.length)
      const kept = room === 0 ? [] : sent.slice(-room)
      this.#spans.unshift(...kept)
      this.#count.add(['dropped'], sent.length - kept.length)
      return false
    }
  }
}
