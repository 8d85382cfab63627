import { inputsName, type Records } from '#records'
import type { Emit, ExplainEvent, MissCause } from '#stream'
import { inDependencyOrder, type Vertex } from '../model/graph.ts'
import { compareInputs } from './compare.ts'
import { isRecord, readInputs, type StepInputs } from './inputs.ts'
import { type LastBuild, pairSteps, readLastBuild, writeLastBuild } from './last-build.ts'

/** Compares the steps of a build with those of the last build of the same project. */
export interface Explainer {
  /** Returns the inputs of the same step in the last build. */
  before(vertex: Vertex): StepInputs | undefined
  /** Notes the key of a result, which was in the cache or is new. */
  note(vertex: Vertex, key: string): void
  /** Keeps the inputs of a new result. Other keys of the same result refer to them. */
  remember(key: string, inputs: StepInputs): void
  /** Makes `other` a key of the result with the key `key`. */
  alias(other: string, key: string): void
  /** Keeps the keys of this build for the next one. */
  finish(): void
}

/** `project` identifies context and Dockerfile. */
export function createExplainer(
  cache: Records['cache'],
  project: string,
  targets: readonly Vertex[],
): Explainer {
  const vertices = inDependencyOrder(...targets).filter(
    ({ op }) => op.kind !== 'scratch' && op.kind !== 'image',
  )
  const done = new Map<Vertex, string>()
  const noted = new Map<string, Vertex>(vertices.map((vertex) => [vertex.digest, vertex]))
  let last: LastBuild | undefined
  let pairs: ReturnType<typeof pairSteps> | undefined
  const lastBuild = (): LastBuild => {
    last ??= readLastBuild(cache, project)
    return last
  }
  return {
    before({ digest }) {
      pairs ??= pairSteps(lastBuild(), vertices)
      const vertex = noted.get(digest)
      const step = vertex && pairs.get(vertex)
      return step && findInputs(cache, step.key)
    },
    note(vertex, key) {
      const known = noted.get(vertex.digest)
      if (known !== undefined) done.set(known, key)
    },
    remember: (key, inputs) => cache.putInputs(inputsName(key), bounded(inputs)),
    alias: (other, key) => cache.putInputs(inputsName(other), { sameAs: key }),
    finish() {
      writeLastBuild(cache, project, { last: lastBuild(), done, vertices })
    },
  }
}

/** The inputs of a result by one of its keys. */
function findInputs(cache: Records['cache'], key: string): StepInputs | undefined {
  const value = cache.inputsOf(inputsName(key))
  const other = isRecord(value) ? value['sameAs'] : undefined
  return readInputs(typeof other === 'string' ? cache.inputsOf(inputsName(other)) : value)
}

/** The most characters of the facts about one step. A heredoc may have megabytes. */
const mostText = 1_048_576

/** Leaves the files out if there is too much text, and then the operation. */
function bounded(inputs: StepInputs): StepInputs {
  const size = (value: unknown): number => JSON.stringify(value ?? null).length
  const rest = size(inputs.operation)
  const { files, ...others } = inputs
  if (rest + size(files) <= mostText) return inputs
  return rest <= mostText ? others : { ...others, operation: {} }
}

/** The cause of a step whose earlier result the user does not want. */
export function uncached({ name }: Vertex): MissCause {
  return { kind: 'uncached', subject: name }
}

/** Why a step has no result in the cache. */
export function explainMiss(
  { name }: Vertex,
  before: StepInputs | undefined,
  now: StepInputs,
): readonly MissCause[] {
  return before === undefined ? [{ kind: 'new', subject: name }] : compareInputs(before, now)
}

/** The most causes that are shown for one step. */
const mostCauses = 20

/** Emits whether a step runs, and why. */
export function emitExplanation(
  emit: Emit,
  { digest, name }: Vertex,
  outcome: ExplainEvent['outcome'],
  causes: readonly MissCause[],
): void {
  const shown = causes.slice(0, mostCauses)
  const omitted = causes.length - shown.length
  emit({ type: 'explanation', id: digest, name, outcome, causes: shown, omitted })
}
