import type { Op, Vertex } from '../model/graph.ts'
import type { FileState } from '../model/state.ts'
import { type Times, timesKey } from '../times/times.ts'

/** Everything that the key of a step is made of, in a form that can be compared with a later step. */
export interface StepInputs {
  readonly builder: string
  /** The text of the instruction. */
  readonly text: string
  /** The operation: plain JSON. */
  readonly operation: Readonly<Record<string, unknown>>
  /** The names of variables whose values are build arguments. */
  readonly args: readonly string[]
  readonly times: string
  /** The file systems of the inputs. The first is that of the step below. */
  readonly states: readonly InputState[]
  /** Short hashes of files by path. Absent when they are not known. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

export interface InputState {
  /** The name of the step that made it. */
  readonly name: string
  /** Identifies the files: a chain ID, `scratch`, or `link` where the files do not matter. */
  readonly state: string
  /** The digest of the manifest of an image. */
  readonly manifest?: string | undefined
}

/** The values that a step begins with. */
export interface StepValues {
  readonly vertex: Vertex
  readonly inputs: readonly FileState[]
  readonly times: Times
  /** The version of the builder. */
  readonly builder: string
  /** Absent when the files of the step are not known. */
  readonly files?: Readonly<Record<string, string>> | undefined
}

export function inputsOf({ vertex, inputs, times, builder, files }: StepValues): StepInputs {
  const { op, name, args = [] } = vertex
  return {
    builder,
    text: textOf(name),
    operation: { ...op },
    args,
    times: timesKey(times),
    states: vertex.inputs.map((input, at) => stateOf(input, inputs[at], at === 0 && isLinked(op))),
    files,
  }
}

function stateOf(input: Vertex, state: FileState | undefined, isIgnored: boolean): InputState {
  return {
    name: input.name,
    state: isIgnored ? 'link' : (state?.chainId ?? 'scratch'),
    ...(input.op.kind === 'image' && { manifest: input.op.manifest }),
  }
}

function isLinked(op: Op): boolean {
  return (op.kind === 'copy' || op.kind === 'add') && op.link
}

const prefix = /^\[([^\]]*?)\s*\d+\/\d+\] /

/** The name of a step without its position: `RUN make` of `[build 2/4] RUN make`. */
export function textOf(name: string): string {
  return name.replace(prefix, '')
}

/** The stage in the name of a step. It is empty in a Dockerfile with one stage. */
export function stageOf(name: string): string {
  return prefix.exec(name)?.[1] ?? ''
}

/** Returns `undefined` for another value than `inputsOf` returns. */
export function readInputs(value: unknown): StepInputs | undefined {
  if (!isRecord(value)) return undefined
  const { builder, text, operation, args, times, states, files } = value
  if (typeof builder !== 'string' || typeof text !== 'string' || typeof times !== 'string') {
    return undefined
  }
  if (!isRecord(operation) || !Array.isArray(states)) return undefined
  return {
    builder,
    text,
    operation,
    args: Array.isArray(args) ? args.filter((each) => typeof each === 'string') : [],
    times,
    states: states.flatMap((each) => readState(each) ?? []),
    files: isRecord(files) ? readTexts(files) : undefined,
  }
}

function readState(value: unknown): InputState | undefined {
  if (!isRecord(value)) return undefined
  const { name, state, manifest } = value
  if (typeof name !== 'string' || typeof state !== 'string') return undefined
  return { name, state, ...(typeof manifest === 'string' && { manifest }) }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readTexts(value: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}
