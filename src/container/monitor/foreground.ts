import { type DescriptorWriter, readInput, sharedWriter } from '#platform'
import type { OutputStream } from '../model/options.ts'
import { untilAborted } from '../process/until.ts'
import type { ForegroundDescriptors } from '../protocol/order.ts'
import type { ContainerInput } from './input.ts'

/** How long a command that was told to end waits for a reader that takes nothing. */
const patience = 2000

/** The streams of the command in the foreground, for as long as they are used. */
export class Foreground {
  /** Those that can still be written. */
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

  /** The command is to end even if its reader takes nothing any more. */
  leave(): void {
    this.#leave.abort()
  }

  /** Resolves when the reader has taken all that was written. */
  async flush({ isImpatient }: { readonly isImpatient: boolean }): Promise<void> {
    const alarm = isImpatient ? setTimeout(() => this.leave(), patience) : undefined
    const ended = [...this.outputs.values()].map((writer) => writer.end())
    await untilAborted(this.#leave.signal, Promise.all(ended))
    clearTimeout(alarm)
  }
}
