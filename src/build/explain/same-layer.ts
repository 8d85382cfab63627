import type { StepInputs } from './inputs.ts'

/**
 * Returns true when the layer of a COPY or ADD certainly differs from that of the last build. Returns
 * false for a command, because only its run shows its result.
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
