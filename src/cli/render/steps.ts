import { createProgressDocuments } from '#docker/documents/build-progress'
import type { ProgressEvent } from '#stream'
import type { Output } from './output.ts'

/** Shows a build while it runs. `finish` restores the terminal, also after a failure. */
export interface StepRenderer {
  emit(event: ProgressEvent): void
  finish(): void
}

/** One JSON document of BuildKit on each line, for programs. */
export function jsonSteps(output: Output): StepRenderer {
  const documentOf = createProgressDocuments()
  return {
    emit: (event) => output.write(`${JSON.stringify(documentOf(event))}\n`),
    finish() {},
  }
}

/** Decodes the output of each step; a chunk may end inside a character. */
export interface StepDecoder {
  decode(id: string, data: Uint8Array): string
}

export function stepDecoder(): StepDecoder {
  const decoders = new Map<string, TextDecoder>()
  return {
    decode(id, data) {
      const decoder = decoders.get(id) ?? new TextDecoder()
      decoders.set(id, decoder)
      return decoder.decode(data, { stream: true })
    },
  }
}
