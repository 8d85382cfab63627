import { withExcerpt } from '../model/error.ts'
import type { Op } from '../model/graph.ts'
import { addLayer, emptyState, type FileState, type StateLayer, stateOf } from '../model/state.ts'
import { addRunner } from '../ops/add.ts'
import { copyRunner } from '../ops/copy-files.ts'
import { runRunner } from '../ops/run-command.ts'
import { workdirRunner } from '../ops/workdir.ts'
import type { BaseImage } from '../plan/base-images.ts'
import { explainMiss, rememberInputs } from '../step/explain.ts'
import { baseOf, type Made, type OpRunner } from '../step/runner.ts'
import { type CachedResult, findCached, rememberResult } from '../step/step-cache.ts'
import { ignoresCache, type StepContext, type Workspace } from '../step/workspace.ts'
import type { StepResult, StepRunner } from './solve.ts'

type LayerOp = Exclude<Op, { kind: 'scratch' | 'image' }>

const runners: { readonly [Kind in LayerOp['kind']]: OpRunner<Extract<LayerOp, { kind: Kind }>> } =
  {
    add: addRunner,
    copy: copyRunner,
    run: runRunner,
    workdir: workdirRunner,
  }

/** Runs the vertices of a build, or takes their results from the cache. */
export async function createStepRunner(
  workspace: Workspace,
  images: ReadonlyMap<string, BaseImage>,
): Promise<StepRunner> {
  // The lease keeps the layers of base images, also if another command removes the image.
  for (const { descriptor, layers } of images.values()) {
    await workspace.services.lease.hold(
      descriptor.digest,
      ...layers.map((layer) => layer.descriptor.digest),
    )
  }
  const working = new Map<string, Promise<Made>>()
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

function imageLayers(
  images: ReadonlyMap<string, BaseImage>,
  manifest: string,
): readonly StateLayer[] {
  const layers = images.get(manifest)?.layers
  if (layers === undefined) throw new RangeError(`Image ${manifest} is used before it is resolved`)
  return layers
}

async function makeLayer(
  op: LayerOp,
  inputs: readonly FileState[],
  context: StepContext,
  working: Map<string, Promise<Made>>,
): Promise<StepResult> {
  const { services, signal } = context
  const isUncached = ignoresCache(context)
  const base = baseOf(inputs)
  const known = (layer: CachedResult): StepResult => ({
    state: addLayer(base, layer ?? undefined),
    isCached: true,
  })
  // The table has a runner of the right type for every kind.
  const runner = runners[op.kind] as OpRunner<LayerOp>
  const definition = runner.definitionKey(op, inputs, context)
  if (definition !== undefined && !isUncached) {
    const found = await findCached(services, definition, signal)
    if (found !== undefined) return known(found)
  }
  await using work = await runner.prepare(op, inputs, context)
  if (work.key.hash !== definition?.hash && !isUncached) {
    const found = await findCached(services, work.key, signal)
    if (found !== undefined) {
      if (definition !== undefined) rememberResult(services, definition, found ?? undefined)
      return known(found)
    }
  }
  explainMiss(context, work)
  // Two vertices that run at the same time may have the same key.
  const running = working.get(work.key.hash) ?? work.run()
  working.set(work.key.hash, running)
  const { layer, key } = await running
  rememberResult(services, key, layer)
  if (definition !== undefined) rememberResult(services, definition, layer)
  // A context can be read until the end of the build, a stage or a download only now.
  if (op.kind === 'copy' && 'context' in op.from) {
    context.deferred.add(() => rememberInputs(context, work))
  } else rememberInputs(context, work)
  return { state: addLayer(base, layer), isCached: false }
}
