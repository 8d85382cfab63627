import { sha256 } from '#oci'
import type { ExplainEvent, MissCause } from '#stream'
import { emitExplanation, explainMiss, uncached } from '../explain/explainer.ts'
import { inputsOf, type StepInputs } from '../explain/inputs.ts'
import { makesOtherLayer } from '../explain/same-layer.ts'
import { withExcerpt } from '../model/error.ts'
import { inDependencyOrder, type Vertex } from '../model/graph.ts'
import { addLayer, emptyState, type FileState, stateOf } from '../model/state.ts'
import type { BaseImage } from '../plan/base-images.ts'
import { builderVersion } from '../step/key.ts'
import { baseOf } from '../step/runner.ts'
import { ignoresCache, type StepContext, type Workspace } from '../step/workspace.ts'
import { definitionKey, type LayerOp, lookUp } from './look-up.ts'
import { imageLayers } from './steps.ts'

/** What a step would do. */
export interface Prediction {
  readonly vertex: Vertex
  readonly outcome: ExplainEvent['outcome']
  readonly causes: readonly MissCause[]
}

/** The result of a step, as far as it is known before the build. */
interface Foreseen {
  /** For a step that would run, this is a new state, so that no later step finds a cached result. */
  readonly state: FileState
  readonly isKnown: boolean
  /** True when the result certainly differs from that of the last build. */
  readonly differs: boolean
}

/**
 * Finds out which steps would run, and why, without running one. Steps are looked up as in a
 * build, so that the prediction takes as long as a build in which every step is cached. Emits
 * every prediction.
 */
export async function predict(
  targets: readonly Vertex[],
  workspace: Workspace,
  {
    images,
    signal = new AbortController().signal,
  }: {
    readonly images: ReadonlyMap<string, BaseImage>
    readonly signal?: AbortSignal | undefined
  },
): Promise<readonly Prediction[]> {
  const results = new Map<Vertex['digest'], Foreseen>()
  const predictions: Prediction[] = []
  for (const vertex of inDependencyOrder(...targets)) {
    signal.throwIfAborted()
    const { op } = vertex
    if (op.kind === 'scratch' || op.kind === 'image') {
      const state = op.kind === 'scratch' ? emptyState : stateOf(imageLayers(images, op.manifest))
      results.set(vertex.digest, { state, isKnown: true, differs: false })
      continue
    }
    const inputs = vertex.inputs.map(({ digest }) => resultOf(results, digest))
    const context = { ...workspace, vertex, signal }
    try {
      const { foreseen, ...prediction } = await foresee(op, inputs, context)
      results.set(vertex.digest, foreseen)
      predictions.push({ vertex, ...prediction })
      emitExplanation(workspace.emit, vertex, prediction.outcome, prediction.causes)
    } catch (error) {
      throw withExcerpt(error, vertex.range, workspace.facts.source)
    }
  }
  return predictions
}

function resultOf(
  results: ReadonlyMap<Vertex['digest'], Foreseen>,
  digest: Vertex['digest'],
): Foreseen {
  const found = results.get(digest)
  if (found === undefined) throw new RangeError(`Vertex ${digest} is used before it is planned`)
  return found
}

async function foresee(
  op: LayerOp,
  inputs: readonly Foreseen[],
  context: StepContext,
): Promise<Omit<Prediction, 'vertex'> & { readonly foreseen: Foreseen }> {
  const { vertex, explainer, facts } = context
  const states = inputs.map(({ state }) => state)
  const [base] = inputs
  await using stack = new AsyncDisposableStack()
  const found = (await canRead(op, inputs, context))
    ? await lookUp(op, states, { context, stack })
    : undefined
  if (found !== undefined && 'cached' in found) {
    const isKnown = base?.isKnown === true
    const state = isKnown ? addLayer(baseOf(states), found.cached ?? undefined) : unknown(vertex)
    const foreseen = { state, isKnown, differs: base?.differs === true }
    return { outcome: 'cached', causes: [], foreseen }
  }
  const now = inputsOf({
    vertex,
    inputs: states,
    times: facts.times,
    builder: builderVersion,
    files: found === undefined ? undefined : (found.work.summarize?.() ?? {}),
  })
  const before = explainer.before(vertex)
  const differs = base?.differs === true || makesOtherState(before, now, base)
  const foreseen = { state: unknown(vertex), isKnown: false, differs }
  if (ignoresCache(context)) return { outcome: 'run', causes: [uncached(vertex)], foreseen }
  const causes = explainMiss(vertex, before, now)
  const own = causes.filter((cause) => !dependsOnRun(cause, op, inputs))
  // Another cause is enough, whatever the steps give that have to run.
  if (own.length > 0 && own.some(({ kind }) => kind !== 'lost')) {
    return { outcome: 'run', causes: own, foreseen }
  }
  const isSure = inputs.every((input, at) => isForeseen(input, op, at))
  return { outcome: isSure ? 'run' : 'unsure', causes, foreseen }
}

/** False when the result is not known, and may be that of the last build. */
function isForeseen({ isKnown, differs }: Foreseen, op: LayerOp, at: number): boolean {
  // COPY --from may take files that are the same in another state.
  return isKnown || (differs && (at === 0 || op.kind === 'run'))
}

function dependsOnRun({ kind }: MissCause, op: LayerOp, inputs: readonly Foreseen[]): boolean {
  const unforeseen = (from: number, to?: number): boolean =>
    inputs.slice(from, to).some((input, at) => !isForeseen(input, op, from + at))
  if (kind === 'step') return unforeseen(0, 1)
  return kind === 'source' && unforeseen(1)
}

/** True when the result of a step is certainly another one than in the last build. */
function makesOtherState(
  before: StepInputs | undefined,
  now: StepInputs,
  base: Foreseen | undefined,
): boolean {
  if (makesOtherLayer(before, now)) return true
  const [then, current] = [before?.states[0], now.states[0]]
  return base?.isKnown === true && then !== undefined && then.state !== current?.state
}

/** The state of a step that has not run. Its chain ID is of no file system. */
function unknown({ digest }: Vertex): FileState {
  return { layers: [], chainId: sha256(`unknown ${digest}`) }
}

/**
 * Whether the files of a step can be read. The files of a step that has to run cannot, and those
 * of an image only if its layers are in the store.
 */
async function canRead(
  op: LayerOp,
  inputs: readonly Foreseen[],
  context: StepContext,
): Promise<boolean> {
  if (op.kind !== 'copy' || 'context' in op.from) return true
  const source = inputs[op.from.input]
  if (source?.isKnown !== true) return false
  const { services, signal } = context
  const definition = definitionKey(
    op,
    inputs.map(({ state }) => state),
    context,
  )
  if (definition !== undefined && services.cache.get(definition.hash) !== undefined) return true
  for (const { descriptor } of source.state.layers) {
    if (!(await services.store.has(descriptor, signal))) return false
  }
  return true
}
