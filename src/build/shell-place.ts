import type { Dockerfile, Instruction, RunInstruction, Stage } from '#dockerfile'
import { StrakeError } from '#oci'
import type { DockerfileSource } from './model/error.ts'
import { selectTarget } from './plan/stages.ts'

/** A place in a Dockerfile: after an instruction of a stage. At least one member is given. */
export interface ShellPlace {
  /** A name or an index. Absent: the stage of the line. */
  readonly stage?: string | undefined
  /** A line of the last instruction that is done. Absent: the whole stage is done. */
  readonly line?: number | undefined
  /** The shell is before the instruction at the line, and has the files that it copies. */
  readonly isBefore?: true | undefined
}

/** Where the shell before a COPY has the files of its stage or image. */
export const sourceDirectory = '/run/source'

/**
 * Returns a Dockerfile whose last instruction is a RUN of the stage's shell, after the instruction
 * at `place`. If that instruction is a RUN, the shell has its mounts, network and devices. The RUN
 * is only planned: it never runs as a step. Throws `INVALID` for a line outside the stage.
 */
export function withShell(
  dockerfile: Dockerfile,
  place: ShellPlace,
  source: DockerfileSource,
): Dockerfile {
  const stage = stageAt(dockerfile, place, source)
  const done = instructionsUntil(stage, place, dockerfile, source)
  const next = place.isBefore === true ? done.at(-1) : undefined
  const instructions = next === undefined ? done : done.slice(0, -1)
  const shell = next === undefined ? shellAfter(done.at(-1), stage) : shellBefore(next)
  const edited: Stage = { ...stage, instructions: [...instructions, shell] }
  return { ...dockerfile, stages: [...dockerfile.stages.slice(0, stage.index), edited] }
}

function stageAt(dockerfile: Dockerfile, place: ShellPlace, source: DockerfileSource): Stage {
  const { stage, line } = place
  if (stage !== undefined || line === undefined) return selectTarget(dockerfile, stage, source)
  const found = dockerfile.stages.findLast(({ from }) => from.range.start.line <= line)
  if (found !== undefined) return found
  throw refuse(place, source, 'the line is before the first FROM')
}

function instructionsUntil(
  stage: Stage,
  place: ShellPlace,
  { stages }: Dockerfile,
  source: DockerfileSource,
): readonly Instruction[] {
  const { line } = place
  if (line === undefined) return stage.instructions
  const first = stage.from.range.start.line
  const end = source.text.trimEnd().split('\n').length + 1
  const next = stages[stage.index + 1]?.from.range.start.line ?? end
  if (line >= first && line < next) {
    return stage.instructions.filter(({ range }) => range.start.line <= line)
  }
  const last = stage.instructions.at(-1)?.range.start.line ?? first
  throw refuse(place, source, `the stage has the lines ${first} to ${last}`)
}

function shellBefore(next: Instruction): RunInstruction {
  const from = next.kind === 'COPY' ? next.from : undefined
  const mount = { type: 'bind', options: { from: from ?? '', target: sourceDirectory } } as const
  return { ...shellAt(next.range), mounts: from === undefined ? [] : [mount], devices: [] }
}

function shellAfter(last: Instruction | undefined, stage: Stage): RunInstruction {
  const shell = shellAt((last ?? stage.from).range)
  if (last?.kind !== 'RUN') return { ...shell, mounts: [], devices: [] }
  const { mounts, devices, network, security } = last
  return { ...shell, mounts, devices, network, security }
}

function shellAt(range: RunInstruction['range']): Omit<RunInstruction, 'mounts' | 'devices'> {
  return { kind: 'RUN', range, text: 'RUN a shell', command: noCommand }
}

/** The planner adds SHELL of the stage to a command in the shell form. */
const noCommand = { form: 'shell', text: '', heredocs: [] } as const

function refuse(
  { stage, line }: ShellPlace,
  { name }: DockerfileSource,
  reason: string,
): StrakeError {
  const place = [stage, line].filter((part) => part !== undefined).join(':')
  return new StrakeError('INVALID', `Cannot open a shell at ${place} of ${name}: ${reason}`)
}
