import type { IgnoreMatcher, Instruction } from '#dockerfile'
import { DockerfileError, failure } from '../model/error.ts'
import type { NetworkMode, Op, Vertex } from '../model/graph.ts'
import type { Grant, RunSettings } from '../model/run-settings.ts'
import type { SourcePolicy } from '../model/source-policy.ts'
import type { PlanContext } from './stage.ts'

/** The parameters of instructions that change files, beside the stage. */
export interface FilesystemContext extends PlanContext {
  /** The network of every RUN that names none. */
  readonly network: NetworkMode
  readonly sourcePolicy: SourcePolicy | undefined
  /** Takes the passwords of URLs, by URL without it. */
  readonly userinfo: Map<string, string>
  /** The permissions that the user gave. */
  readonly grants: ReadonlySet<Grant>
  /** Absent without settings of the user. */
  readonly settings: RunSettings | undefined
  /** Matches the files that are excluded from the build context. */
  readonly ignore: IgnoreMatcher | undefined
  /** Returns the name of the next step: `[build 2/4] RUN make`. */
  nameStep(text: string): string
  /** Returns the files that `--from` of COPY or of a mount names. */
  resolveFrom(from: string, instruction: Instruction): Promise<FromFiles>
}

/** A file system, or a build context by its name. */
export type FromFiles = { readonly vertex: Vertex } | { readonly context: string }

/** An instruction that may make a layer. */
export interface Step {
  readonly op: Op
  /** The history line. */
  readonly line: string
  /** The inputs of the operation after the stage's own file system. */
  readonly inputs?: readonly Vertex[] | undefined
}

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
