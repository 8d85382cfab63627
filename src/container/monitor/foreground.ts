import { type DescriptorWriter, readInput, sharedWriter } from '#platform'
import type { OutputStream } from '../model/options.ts'
import { untilAborted } from '../process/until.ts'
import type { ForegroundDescriptors } from '../protocol/order.ts'
import type { ContainerInput } from './input.ts'

/** Milliseconds that an interrupted command waits for a reader that has stopped reading. */
const patience = 2000

/** The standard streams of the command in the foreground. */
export class Foreground {
  /** The streams that can still be written. */
  readonly outputs: Map<OutputStream, DescriptorWriter> = new Map()
  readonly #stdin: number | undefined
  readonly #leave = new AbortController()

  constructor({ stdin, stdout, stderr }: ForegroundDescriptors) {
    this.#stdin = stdin
    if (stdout !== undefined) this.outputs.set('stdout', sharedWriter(stdout))
    if (stderr !== undefined) this.outputs.set('stderr', sharedWriter(stderr))
  }

  /** Passes the command's input on to its end, over all runs of the container. */
  async feed(input: ContainerInput): Promise<void> {
    if (this.#stdin === undefined) return
    for await (const chunk of readInput(this.#stdin)) await input.write(chunk)
    await input.end()
  }

  /** Lets the command end although its reader has not read all output. */
  leave(): void {
    this.#leave.abort()
  }

  /** Resolves when the reader has read all output. */
  async flush({ isImpatient }: { readonly isImpatient: boolean }): Promise<void> {
    const alarm = isImpatient ? setTimeout(() => this.leave(), patience) : undefined
    const ended = [...this.outputs.values()].map((writer) => writer.end())
    await untilAborted(this.#leave.signal, Promise.all(ended))
    clearTimeout(alarm)
  }
}
