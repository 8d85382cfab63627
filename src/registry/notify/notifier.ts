import { channel } from 'node:diagnostics_channel'
import { sleep } from '#platform'
import { RetryableError } from '../http/retry.ts'
import { createCounter, createGaugeByLabel, type Family } from '../observe/metric.ts'
import type { RegistryEvent } from '../server/event.ts'
import { noticesOf } from './cloud-event.ts'
import { type DeliverServices, deliver } from './deliver.ts'
import { type Hook, wants } from './hook.ts'
import type { ClaimedLetter, Letter, Outbox } from './outbox.ts'

const failures = channel('registry:webhook-failure')

/** Milliseconds for which events are gathered before they are written down. */
const gathering = 50

/** Milliseconds until events are written down again that the outbox did not take. */
const rewriting = 1000

/** Milliseconds between two looks for letters that another server has left. */
const looking = 30_000

/** Milliseconds after the end of a delivery for which nobody else tries it. */
const claimed = 60_000

/** The most events that wait for one webhook, in the outbox and in memory. */
const mostWaiting = 10_000

/** Milliseconds until the second try, and the longest wait between two. */
const firstWait = 1000
const longestWait = 3_600_000

export interface NotifierOptions {
  readonly hooks: readonly Hook[]
  readonly outbox: Outbox
  /** The address of the registry, for the events. */
  readonly source: string
  readonly services: DeliverServices
  /** Returns a number from 0 to 1. Default: a random one. */
  readonly random?: (() => number) | undefined
  /** Throws when the signal aborts. */
  readonly sleep?: ((milliseconds: number, signal: AbortSignal) => Promise<void>) | undefined
}

/**
 * Tells webhooks what happens. Events are written into the outbox within a moment, and each webhook
 * gets them at its own speed: a receiver that is slow or down holds up nobody else. Every event is
 * delivered at least once, unless the webhook is down for too long or too much waits for it.
 */
export class Notifier implements AsyncDisposable {
  readonly families: readonly Family[]
  readonly #options: NotifierOptions
  readonly #stop = new AbortController()
  readonly #waiting: ReadonlyMap<string, Letter[]>
  readonly #wakes = new Map<string, AbortController>()
  readonly #running: readonly Promise<void>[]
  readonly #counts = createCounter({
    name: 'strake_webhook_events_total',
    help: 'Events for webhooks: delivered, and dropped because a webhook was away for too long.',
    labels: ['webhook', 'result'],
  })
  readonly #tries = createCounter({
    name: 'strake_webhook_deliveries_total',
    help: 'Requests to webhooks, by result.',
    labels: ['webhook', 'result'],
  })
  #writing: Promise<void> = Promise.resolve()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: NotifierOptions) {
    const { hooks, outbox } = options
    this.#options = options
    this.#waiting = new Map(hooks.map(({ name }) => [name, []]))
    const queued = createGaugeByLabel(
      { name: 'strake_webhook_queued_events', help: 'Events that wait for webhooks.' },
      'webhook',
      async () =>
        await Promise.all(hooks.map(async ({ name }) => [name, await outbox.count(name)] as const)),
    )
    this.families = [this.#tries, this.#counts, queued]
    // Prometheus sees no increase in a number that was not there before.
    for (const { name } of hooks) {
      for (const result of ['delivered', 'dropped']) this.#counts.add([name, result], 0)
      for (const result of ['done', 'failed']) this.#tries.add([name, result], 0)
    }
    this.#running = hooks.map((hook) => this.#serve(hook))
  }

  /** Must be called with every event; never throws and never waits. */
  note(event: RegistryEvent): void {
    const { hooks, source } = this.#options
    for (const notice of noticesOf(event, source)) {
      const wanting = hooks.filter((hook) => wants(hook, notice))
      // Most events are pulls, which few webhooks ask for.
      if (wanting.length === 0) continue
      const letter = { id: notice.event.id, text: JSON.stringify(notice.event) }
      for (const { name } of wanting) this.#gather(name, letter)
      this.#timer ??= setTimeout(() => this.#flush(), gathering)
    }
  }

  #gather(hook: string, letter: Letter): void {
    const waiting = this.#waiting.get(hook) ?? []
    waiting.push(letter)
    if (waiting.length <= mostWaiting) return
    waiting.shift()
    this.#counts.add([hook, 'dropped'])
  }

  /** Writes down what was gathered. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush()
    this.#stop.abort()
    for (const wake of this.#wakes.values()) wake.abort()
    await this.#writing
    await Promise.all(this.#running)
    await this.#options.outbox[Symbol.asyncDispose]()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#write())
  }

  async #write(): Promise<void> {
    const { hooks, outbox, services } = this.#options
    for (const { name, giveUpAfter } of hooks) {
      const letters = this.#waiting.get(name)?.splice(0) ?? []
      if (letters.length === 0) continue
      const expiresAt = services.now() + giveUpAfter
      try {
        const dropped = await outbox.add(name, letters, { most: mostWaiting, expiresAt })
        this.#counts.add([name, 'dropped'], dropped)
        this.#wakes.get(name)?.abort()
      } catch (error) {
        // A full disk or a database that is away must not end the server, nor lose the events.
        failures.publish({ hook: name, error })
        if (this.#stop.signal.aborted) this.#counts.add([name, 'dropped'], letters.length)
        else this.#keep(name, letters)
      }
    }
  }

  /** Keeps letters that the outbox did not take in front of younger ones. */
  #keep(hook: string, letters: readonly Letter[]): void {
    const younger = this.#waiting.get(hook) ?? []
    const room = Math.max(0, mostWaiting - younger.length)
    const kept = letters.slice(Math.max(0, letters.length - room))
    younger.unshift(...kept)
    this.#counts.add([hook, 'dropped'], letters.length - kept.length)
    this.#timer ??= setTimeout(() => this.#flush(), rewriting)
  }

  async #serve(hook: Hook): Promise<void> {
    const { random = Math.random } = this.#options
    let failed = 0
    while (!this.#stop.signal.aborted) {
      const wake = new AbortController()
      this.#wakes.set(hook.name, wake)
      const wait = await this.#deliverSome(hook, failed)
      if (wait === 'none') {
        await this.#pause(
          await this.#untilNext(hook),
          AbortSignal.any([wake.signal, this.#stop.signal]),
        )
      } else if (wait === 'delivered') {
        failed = 0
      } else {
        failed += 1
        // So that many webhooks of one receiver do not come back at the same moment.
        await this.#pause(wait * (0.75 + random() / 2), this.#stop.signal)
      }
    }
  }

  /** Returns milliseconds to wait after a failure. */
  async #deliverSome(hook: Hook, failed: number): Promise<'delivered' | 'none' | number> {
    const { outbox, services } = this.#options
    const { name, batch, timeout } = hook
    let letters: readonly ClaimedLetter[] = []
    try {
      for (const [each, count] of await outbox.expire()) this.#counts.add([each, 'dropped'], count)
      // One by one after a failure, so that an event that is refused holds up no others.
      const limit = failed === 0 ? batch : 1
      letters = await outbox.claim(name, limit, services.now() + timeout + claimed)
      if (letters.length === 0) return 'none'
      await deliver(hook, letters, services, this.#stop.signal)
      this.#tries.add([name, 'done'])
      this.#counts.add([name, 'delivered'], letters.length)
      await outbox.remove(name, idsOf(letters))
      return 'delivered'
    } catch (error) {
      const isStopped = this.#stop.signal.aborted
      const wait = waitAfter(failed, error)
      const [first] = letters
      const isOne = letters.length === 1 && !isStopped
      const at = isOne ? services.now() + waitAfter(first?.tries ?? 0, error) : 0
      await outbox.release(name, idsOf(letters), at).catch(() => {})
      if (!isStopped) {
        this.#tries.add([name, 'failed'])
        failures.publish({ hook: name, error })
      }
      return wait
    }
  }

  /** Letters that were refused wait for their next try, also while there are no others. */
  async #untilNext({ name }: Hook): Promise<number> {
    const { outbox, services } = this.#options
    const next = await outbox.nextFree(name).catch(() => undefined)
    return Math.max(0, Math.min(looking, (next ?? Number.POSITIVE_INFINITY) - services.now()))
  }

  async #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    await (this.#options.sleep ?? sleep)(milliseconds, signal).catch(() => {})
  }
}

/** Returns how long to wait after some failures: a second, then twice as long each time. */
function waitAfter(failures: number, error: unknown): number {
  const asked = error instanceof RetryableError ? (error.retryAfter ?? 0) : 0
  return Math.min(Math.max(firstWait * 2 ** Math.min(failures, 20), asked), longestWait)
}

function idsOf(letters: readonly Letter[]): readonly string[] {
  return letters.map(({ id }) => id)
}
