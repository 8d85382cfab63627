import type { DescriptorWriter } from '#platform'
import { untilAborted } from '../process/until.ts'

/** One run of a container, seen from what is sent to it. */
export interface ReadingRun {
  /** Absent when the container reads nothing. */
  readonly input: DescriptorWriter | undefined
  /** Aborted when the run is over and nothing reads any more. */
  readonly over: AbortSignal
}

/**
 * What clients and the command in the foreground send to a container, in the
 * order in which it came. Between two runs of the container it waits for the next.
 */
export class ContainerInput {
  readonly #closesOnEnd: boolean
  #run = Promise.withResolvers<ReadingRun | undefined>()

  constructor({ stdinOnce }: { readonly stdinOnce: boolean }) {
    this.#closesOnEnd = stdinOnce
  }

  /** The container reads. */
  open(run: ReadingRun): void {
    this.#run.resolve(run)
  }

  /** The run is over, another may come. */
  close(): void {
    this.#run = Promise.withResolvers()
  }

  /** No other run comes: what is sent from now on is dropped. */
  finish(): void {
    this.#run.resolve(undefined)
    this.#run = Promise.withResolvers()
    this.#run.resolve(undefined)
  }

  /** Resolves when the container has taken it, or will never. */
  async write(data: Uint8Array): Promise<void> {
    const run = await this.#run.promise
    if (run?.input === undefined) return
    // A container that has closed its input does not want more: no failure of the sender.
    await untilAborted(
      run.over,
      run.input.write(data).catch(() => {}),
    )
  }

  /** A sender has no more. */
  async end(): Promise<void> {
    if (!this.#closesOnEnd) return
    const run = await this.#run.promise
    await run?.input?.end()
  }
}
