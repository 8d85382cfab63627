import { type Dockerfile, type Instruction, type Stage, suggest } from '#dockerfile'
import { DockerfileError, type DockerfileSource, failure } from '../model/error.ts'

/**
 * Finds the stage that `--from` names, by name or index. Returns `undefined` when
 * no stage has the name, so that it is the name of an image. `before` is the stage
 * of the instruction: the stage itself and later stages are refused.
 */
export function findStage(
  dockerfile: Dockerfile,
  name: string,
  before: number,
  source: DockerfileSource,
): Stage | undefined {
  const isIndex = /^\d+$/.test(name)
  // The last earlier stage of a name wins, as in BuildKit.
  const named = dockerfile.stages.filter((stage) =>
    isIndex ? stage.index === Number(name) : stage.name === name.toLowerCase(),
  )
  const found = named.findLast((stage) => stage.index < before)
  if (found !== undefined || (named.length === 0 && !isIndex)) return found
  const asking = dockerfile.stages[before]
  const reason = isIndex
    ? `stage index ${name} is not that of an earlier stage`
    : `stage ${name} comes later in the file, or is this stage itself`
  const diagnostics =
    asking === undefined ? [] : [failure('stage-order', reason, asking.from.range)]
  throw new DockerfileError(`Cannot build ${source.name}: ${reason}`, source, diagnostics)
}

/** The stage to build: the last one, or the one `target` names. */
export function selectTarget(
  dockerfile: Dockerfile,
  target: string | undefined,
  source: DockerfileSource,
): Stage {
  const { stages } = dockerfile
  const last = stages.at(-1)
  if (last === undefined) {
    throw new DockerfileError(`Cannot build ${source.name}: it has no FROM`, source, [], {
      remedy: 'start it with FROM and a base image, or FROM scratch',
    })
  }
  if (target === undefined || target === '') return last
  const found =
    stages.findLast((stage) => stage.name === target.toLowerCase()) ??
    (/^\d+$/.test(target) ? stages[Number(target)] : undefined)
  if (found !== undefined) return found
  const names = stages.flatMap((stage) => (stage.name === undefined ? [] : [stage.name]))
  const close = suggest(target, names)
  const known = names.length === 0 ? 'none of its stages has a name' : `it has ${names.join(', ')}`
  throw new DockerfileError(
    `Cannot build stage ${target}: ${source.name} has no such stage`,
    source,
    [],
    { remedy: close === undefined ? known : `did you mean ${close}` },
  )
}

/** The names in `--from` of an instruction. */
export function namesOf(instruction: Instruction): readonly string[] {
  const { kind } = instruction
  if (kind === 'COPY') return instruction.from === undefined ? [] : [instruction.from]
  return kind === 'RUN' ? instruction.mounts.flatMap(({ options }) => options['from'] ?? []) : []
}
