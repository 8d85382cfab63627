import type { IgnoreMatcher, Instruction } from '#dockerfile'
import type { NetworkMode, Op, Vertex } from '../model/graph.ts'
import type { PlanContext } from './stage.ts'

/** What filesystem instructions need beyond the stage. */
export interface FilesystemContext extends PlanContext {
  /** The network of RUNs that name none. */
  readonly network: NetworkMode
  /** RUN may use the host's network. */
  readonly allowHostNetwork: boolean
  /** What is left out of the build context. */
  readonly ignore: IgnoreMatcher | undefined
  /** `[build 2/4] RUN make`: numbers the step. */
  nameStep(text: string): string
  /** The filesystem that `--from` of COPY, or a mount of RUN, names. */
  resolveFrom(from: string, instruction: Instruction): Promise<Vertex>
}

/** An instruction that may make a layer, as it becomes part of the graph. */
export interface Step {
  readonly op: Op
  /** Of the history. */
  readonly line: string
  /** The inputs of the operation behind the stage's own filesystem. */
  readonly inputs?: readonly Vertex[]
}
