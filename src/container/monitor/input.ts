import type { DescriptorWriter } from '#platform'
import { untilAborted } from '../process/until.ts'

/** The input of one run of a container. */
export interface ReadingRun {
  /** Absent if the container has no input. */
  readonly input: DescriptorWriter | undefined
  /** Aborted when the run is over: no process reads the input any more. */
  readonly over: AbortSignal
}

/**
 * Passes the input of clients and of the command in the foreground to a container,
 * in the order in which it arrives. Input that arrives between two runs waits for
 * the next run.
 */
export class ContainerInput {
  readonly #closesOnEnd: boolean
  #run = Promise.withResolvers<ReadingRun | undefined>()

  constructor({ stdinOnce }: { readonly stdinOnce: boolean }) {
    this.#closesOnEnd = stdinOnce
  }

  /** A run has started and reads its input. */
  open(run: ReadingRun): void {
    this.#run.resolve(run)
  }

  /** The run is over. Another run may follow. */
  close(): void {
    this.#run = Promise.withResolvers()
  }

  /** No other run follows: input that arrives from now on is dropped. */
  finish(): void {
    this.#run.resolve(undefined)
    this.#run = Promise.withResolvers()
    this.#run.resolve(undefined)
  }

  /** Resolves when the container has read the data, or when no process will read it. */
  async write(data: Uint8Array): Promise<void> {
    const run = await this.#run.promise
    if (run?.input === undefined) return
    // The container may have closed its input. That is no failure of the sender.
    await untilAborted(
      run.over,
      run.input.write(data).catch(() => {}),
    )
  }

  /** A sender has sent all its input. */
  async end(): Promise<void> {
    if (!this.#closesOnEnd) return
    const run = await this.#run.promise
    await run?.input?.end()
  }
}
