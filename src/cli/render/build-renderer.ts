import type { ProgressEvent } from '#stream'
import type { Context } from '../context.ts'
import { plainSteps } from './plain-steps.ts'
import { jsonSteps, type StepRenderer } from './steps.ts'
import { terminalSteps } from './terminal-steps.ts'

interface Built {
  readonly imageId: string
  readonly names: readonly string[]
  readonly hasImage: boolean
  readonly pushed: readonly { readonly name: string; readonly digest: string }[]
  readonly lockFile?: string | undefined
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
    report(built) {
      if (kind === 'none' || kind === 'rawjson') return
      if (!quiet) return err.write(resultLines(built).join(''))
      if (built.hasImage) out.write(`${built.imageId}\n`)
    },
  }
}

function resultLines({ imageId, names, hasImage, pushed, lockFile }: Built): readonly string[] {
  return [
    ...(hasImage ? [`writing image ${imageId}`, ...names.map((name) => `naming to ${name}`)] : []),
    ...pushed.map(({ name, digest }) => `pushed ${name}@${digest}`),
    ...(lockFile === undefined ? [] : [`writing the lock file ${lockFile}`]),
  ].map((line) => `${line}\n`)
}

function chooseSteps({
  err,
  kind,
}: Pick<Context, 'err'> & { readonly kind: string }): StepRenderer {
  if (kind === 'rawjson') return jsonSteps(err)
  if (kind === 'tty' || (kind === 'auto' && err.canRedraw)) return terminalSteps(err)
  return plainSteps(err)
}
