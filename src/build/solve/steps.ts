import { emitExplanation, explainMiss, uncached } from '../explain/explainer.ts'
import { inputsOf, type StepInputs } from '../explain/inputs.ts'
import { withExcerpt } from '../model/error.ts'
import type { Vertex } from '../model/graph.ts'
import { addLayer, emptyState, type FileState, type StateLayer, stateOf } from '../model/state.ts'
import type { BaseImage } from '../plan/base-images.ts'
import { builderVersion } from '../step/key.ts'
import { baseOf, type Made } from '../step/runner.ts'
import { rememberResult } from '../step/step-cache.ts'
import { ignoresCache, type StepContext, type Workspace } from '../step/workspace.ts'
import { type LayerOp, lookUp } from './look-up.ts'
import type { StepResult, StepRunner } from './solve.ts'

/** Runs the vertices of a build, or takes their results from the cache. */
export async function createStepRunner(
  workspace: Workspace,
  images: ReadonlyMap<string, BaseImage>,
): Promise<StepRunner> {
  // The lease keeps the layers of base images, also if another command removes the image.
  for (const { descriptor, layers, fetch } of images.values()) {
    if (fetch !== undefined) workspace.services.pending.expect(layers, fetch)
    await workspace.services.lease.hold(
      descriptor.digest,
      ...layers.map((layer) => layer.descriptor.digest),
    )
  }
  const working = new Map<string, Running>()
  return async (vertex, inputs, signal) => {
    const { op } = vertex
    switch (op.kind) {
      case 'scratch':
        return { state: emptyState, isCached: true }
      case 'image':
        return { state: stateOf(imageLayers(images, op.manifest)), isCached: false }
      default:
        try {
          return await makeLayer(op, inputs, { ...workspace, vertex, signal }, working)
        } catch (error) {
          throw withExcerpt(error, vertex.range, workspace.facts.source)
        }
    }
  }
}

export function imageLayers(
  images: ReadonlyMap<string, BaseImage>,
  manifest: string,
): readonly StateLayer[] {
  const layers = images.get(manifest)?.layers
  if (layers === undefined) throw new RangeError(`Image ${manifest} is used before it is resolved`)
  return layers
}

/** Work under a key, and the vertex that began it. */
interface Running {
  readonly vertex: Vertex
  readonly made: Promise<Made>
}

async function makeLayer(
  op: LayerOp,
  inputs: readonly FileState[],
  context: StepContext,
  working: Map<string, Running>,
): Promise<StepResult> {
  const { services, explainer, vertex } = context
  const base = baseOf(inputs)
  await using stack = new AsyncDisposableStack()
  const found = await lookUp(op, inputs, { context, stack })
  if ('cached' in found) {
    const { cached, key, keys, known } = found
    explainer.note(vertex, key.hash)
    context.onResult?.(vertex, { keys, known, layer: cached })
    return { state: addLayer(base, cached ?? undefined), isCached: true }
  }
  const { work, definition } = found
  const inputsNow = (): StepInputs =>
    inputsOf({
      vertex,
      inputs,
      times: context.facts.times,
      builder: builderVersion,
      files: work.summarize?.() ?? {},
    })
  if (context.facts.explain) {
    const causes = ignoresCache(context)
      ? [uncached(vertex)]
      : explainMiss(vertex, explainer.before(vertex), inputsNow())
    emitExplanation(context.emit, vertex, 'run', causes)
  }
  // Two vertices that run at the same time may have the same key.
  const running = working.get(work.key.hash) ?? { vertex, made: work.run() }
  working.set(work.key.hash, running)
  const { layer, key } = await running.made
  const isProxied = op.kind === 'run' && op.network === 'proxy'
  const downloads = isProxied ? context.materials.get(running.vertex.digest) : undefined
  if (downloads !== undefined) context.materials.set(vertex.digest, downloads)
  rememberResult(services, key, layer, { downloads })
  explainer.note(vertex, key.hash)
  if (definition !== undefined) {
    rememberResult(services, definition, layer, { content: key, downloads })
  }
  const known = definition === undefined ? [key] : [definition, key]
  const keys = known.map(({ hash }) => hash)
  context.onResult?.(vertex, { keys, known, layer: layer ?? null })
  const remember = (): void => {
    explainer.remember(key.hash, inputsNow())
    if (definition !== undefined && definition.hash !== key.hash) {
      explainer.alias(definition.hash, key.hash)
    }
  }
  // A context can be read until the end of the build, a stage or a download only now.
  if (op.kind === 'copy' && 'context' in op.from) context.deferred.add(remember)
  else remember()
  return { state: addLayer(base, layer), isCached: false }
}
