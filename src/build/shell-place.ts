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
}

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
  const instructions = instructionsUntil(stage, place, dockerfile, source)
  const shell = shellAfter(instructions.at(-1), stage)
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

function shellAfter(last: Instruction | undefined, stage: Stage): RunInstruction {
  const { range } = last ?? stage.from
  const shell = { kind: 'RUN', range, text: 'RUN a shell', command: noCommand } as const
  if (last?.kind !== 'RUN') return { ...shell, mounts: [], devices: [] }
  const { mounts, devices, network, security } = last
  return { ...shell, mounts, devices, network, security }
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
