import type { Records } from '#records'
import type { Vertex } from '../model/graph.ts'
import { align } from './align.ts'
import { isRecord, stageOf, textOf } from './inputs.ts'

/** A step of a build, and the key of its result. */
export interface DoneStep {
  /** The name of the step: `[build 2/4] RUN make`. */
  readonly name: string
  readonly key: string
}

/** The steps of the last build of a project, those of one stage in their order. */
export type LastBuild = readonly DoneStep[]

/** The most steps that are kept of a project. A project may have many targets. */
const mostSteps = 2000

function nameOf(project: string): string {
  return `build ${project}`
}

/** Returns no steps if there are no records, or damaged ones. */
export function readLastBuild(cache: Records['cache'], project: string): LastBuild {
  const value = cache.inputsOf(nameOf(project))
  if (!isRecord(value) || !Array.isArray(value['steps'])) return []
  return value['steps'].flatMap((step): readonly DoneStep[] => {
    if (!isRecord(step)) return []
    const { name, key } = step
    return typeof name === 'string' && typeof key === 'string' ? [{ name, key }] : []
  })
}

/**
 * Replaces the steps of the stages of this build. The steps of other stages stay, because another
 * target needs them. After a failure the steps that were not reached stay too.
 */
export function writeLastBuild(
  cache: Records['cache'],
  project: string,
  {
    last,
    done,
    vertices,
  }: {
    readonly last: LastBuild
    /** The keys of the steps of this build. */
    readonly done: ReadonlyMap<Vertex, string>
    /** All steps of this build, in their order. */
    readonly vertices: readonly Vertex[]
  },
): void {
  if (done.size === 0) return
  const pairs = pairSteps(last, vertices)
  const current = vertices.flatMap((vertex): readonly DoneStep[] => {
    const key = done.get(vertex) ?? pairs.get(vertex)?.key
    return key === undefined ? [] : [{ name: vertex.name, key }]
  })
  const stages = new Set(vertices.map(({ name }) => stageOf(name)))
  const others = last.filter(({ name }) => !stages.has(stageOf(name)))
  const steps = [...current, ...others].slice(0, mostSteps)
  // A build without changes writes nothing.
  if (JSON.stringify(steps) !== JSON.stringify(last)) cache.putInputs(nameOf(project), { steps })
}

/** Finds the step of the last build that each step of this build corresponds to. */
export function pairSteps(
  last: LastBuild,
  vertices: readonly Vertex[],
): ReadonlyMap<Vertex, DoneStep> {
  const found = new Map<Vertex, DoneStep>()
  const current = Map.groupBy(vertices, ({ name }) => stageOf(name))
  const earlier = Map.groupBy(last, ({ name }) => stageOf(name))
  for (const [stage, steps] of current) {
    const before = earlier.get(stage) ?? []
    const texts = ({ name }: { readonly name: string }): string => textOf(name)
    for (const [a, b] of align(before.map(texts), steps.map(texts))) {
      const [step, vertex] = [before[a], steps[b]]
      if (step !== undefined && vertex !== undefined) found.set(vertex, step)
    }
  }
  return found
}
