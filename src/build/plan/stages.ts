import { type Dockerfile, type Instruction, type Stage, suggest } from '#dockerfile'
import { DockerfileError, type DockerfileSource, failure } from '../model/error.ts'

/**
 * Finds the stage that a FROM names, by name or index: the last one of the name before `stage`, as in
 * BuildKit. Returns `undefined` when no earlier stage has the name, so that it is the name of an
 * image: `FROM alpine AS alpine` names the image.
 */
export function findBaseStage(
  { stages }: Dockerfile,
  name: string,
  stage: Stage,
  source: DockerfileSource,
): Stage | undefined {
  const earlier = stages.slice(0, stage.index)
  if (!isIndex(name)) return earlier.findLast((each) => each.name === name.toLowerCase())
  return earlier[Number(name)] ?? refuseIndex(name, 'that of an earlier stage', stage, source)
}

/**
 * Finds the stage that `--from` names, by name or index, before or after the `stage` of the
 * instruction, as in BuildKit. Returns `undefined` when no stage has the name, so that it is the name
 * of an image.
 */
export function findSourceStage(
  { stages }: Dockerfile,
  name: string,
  stage: Stage,
  source: DockerfileSource,
): Stage | undefined {
  if (isIndex(name)) {
    return stages[Number(name)] ?? refuseIndex(name, 'that of a stage', stage, source)
  }
  const named = stages.filter((each) => each.name === name.toLowerCase())
  return named.findLast((each) => each !== stage) ?? named[0]
}

function isIndex(name: string): boolean {
  return /^\d+$/.test(name)
}

function refuseIndex(
  name: string,
  expected: string,
  stage: Stage,
  source: DockerfileSource,
): never {
  const reason = `stage index ${name} is not ${expected}`
  const diagnostics = [failure('stage-order', reason, stage.from.range)]
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

/**
 * Which stages wait for which others while they are planned. A stage may copy from a later one, and a
 * base image may add copies by ONBUILD, so a circle is found only while stages are planned.
 */
export class StageNeeds {
  readonly #needed = new Map<number, Set<number>>()

  /** Records that `stage` waits for `other`. Returns false, and records nothing, for a circle. */
  add(stage: Stage, other: Stage): boolean {
    if (this.#reaches(other.index, stage.index)) return false
    const needed = this.#needed.get(stage.index) ?? new Set()
    this.#needed.set(stage.index, needed.add(other.index))
    return true
  }

  #reaches(from: number, to: number): boolean {
    const seen = new Set([from])
    for (const index of seen) {
      if (index === to) return true
      for (const next of this.#needed.get(index) ?? []) seen.add(next)
    }
    return false
  }
}
