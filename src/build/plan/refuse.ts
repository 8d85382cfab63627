import type { Instruction } from '#dockerfile'
import { DockerfileError, failure } from '../model/error.ts'
import type { PlanContext } from './stage.ts'

/** Makes the error of an instruction that cannot be built. */
export function refuse(
  { source }: PlanContext,
  instruction: Instruction,
  reason: string,
  options: { readonly remedy?: string } = {},
): DockerfileError {
  const diagnostics = [failure('unsupported', reason, instruction.range)]
  return new DockerfileError(`Cannot build ${source.name}: ${reason}`, source, diagnostics, options)
}
