import type { ProgressEvent } from '#stream'
import type { Context } from '../context.ts'
import { plainSteps } from './plain-steps.ts'
import { jsonSteps, type StepRenderer } from './steps.ts'
import { terminalSteps } from './terminal-steps.ts'

interface Built {
  readonly imageId: string
  readonly names: readonly string[]
  readonly hasImage: boolean
}

/** Shows a build while it runs, and its result. */
export interface BuildRenderer {
  emit(event: ProgressEvent): void
  finish(): void
  report(result: Built): void
}

/** `auto` redraws on a terminal and prints lines in a pipe; progress goes to standard error. */
export function buildRenderer(
  { out, err }: Context,
  kind: 'auto' | 'tty' | 'plain' | 'quiet' | 'none' | 'rawjson',
): BuildRenderer {
  const quiet = kind === 'quiet' || kind === 'none'
  const steps: StepRenderer = quiet ? { emit() {}, finish() {} } : chooseSteps({ err, kind })
  return {
    emit: steps.emit,
    finish: steps.finish,
    report({ imageId, names, hasImage }) {
      if (!hasImage) return
      if (kind === 'none') return
      if (quiet) return out.write(`${imageId}\n`)
      if (kind === 'rawjson') return
      const lines = [`writing image ${imageId}`, ...names.map((name) => `naming to ${name}`)]
      err.write(lines.map((line) => `${line}\n`).join(''))
    },
  }
}

function chooseSteps({
  err,
  kind,
}: Pick<Context, 'err'> & { readonly kind: string }): StepRenderer {
  if (kind === 'rawjson') return jsonSteps(err)
  if (kind === 'tty' || (kind === 'auto' && err.canRedraw)) return terminalSteps(err)
  return plainSteps(err)
}
