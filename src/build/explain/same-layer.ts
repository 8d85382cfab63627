import type { StepInputs } from './inputs.ts'

/**
 * True when the layer of a COPY or ADD is certainly another one than in the last build. The result
 * of a command cannot be foreseen.
 */
export function makesOtherLayer(before: StepInputs | undefined, now: StepInputs): boolean {
  const { kind, destination, chmod, chown } = now.operation
  if (kind !== 'copy' && kind !== 'add') return false
  if (before === undefined) return true
  if (before.operation['destination'] !== destination) return true
  // These replace what differs in the descriptions of files.
  if (chmod !== undefined || chown !== undefined) return false
  if (before.files === undefined || now.files === undefined) return false
  const contents = (files: Readonly<Record<string, string>>): string =>
    Object.values(files).sort().join('\n')
  return contents(before.files) !== contents(now.files)
}
