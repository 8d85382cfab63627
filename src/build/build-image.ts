import { mkdir } from 'node:fs/promises'
import type { Digest, Layer } from '#oci'
import { cpuCount, hostPlatform } from '#platform'
import type { Lease } from '#records'
import { silent } from '#stream'
import type { ContextPlaces } from './contexts/context-root.ts'
import { annotationsFor } from './export/annotations.ts'
import { exporters } from './export/exporters.ts'
import { type ExportedImage, finishHistory } from './export/image.ts'
import { retimeLayer } from './layers/retime.ts'
import type { Provenance } from './model/provenance.ts'
import type { FileState } from './model/state.ts'
import { openWorkspace } from './open-workspace.ts'
import type { BuildOptions } from './options.ts'
import type { Plan } from './plan/plan.ts'
import { creationTime, withLabels } from './prepare.ts'
import { collectProvenance } from './provenance/collect.ts'
import { type Prediction, predict } from './solve/predict.ts'
import { solve } from './solve/solve.ts'
import { createStepRunner } from './solve/steps.ts'
import { openBuildDirectory, Scratch } from './step/abandoned.ts'
import type { Workspace } from './step/workspace.ts'
import { withStep } from './with-step.ts'

/**
 * The images that a build made, one for each platform; the members are those of the first.
 * They are in the store and have no tag yet.
 */
export interface BuildResult extends ExportedImage {
  /** In the order of the platforms. */
  readonly images: readonly ExportedImage[]
  /** What each image was made of, in the same order. */
  readonly provenance: readonly Provenance[]
  /** Keeps the images from being collected. Release it when they are tagged. */
  readonly lease: Lease
}

/**
 * Builds the image that a Dockerfile describes and writes it to the store. The same
 * Dockerfile and context give the same digest on every machine and with every cache, if
 * the commands of RUN do. Throws `DockerfileError` for mistakes in the file, and
 * `ExitError` for a RUN that fails.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { services } = options
  const lease = await services.records.leases.acquire({ purpose: 'build' })
  try {
    await mkdir(services.run, { recursive: true, mode: 0o700 })
    await using directory = await openBuildDirectory(services.run)
    await using scratch = new Scratch(services.scratch)
    const places = { directory: directory.path, scratch: () => scratch.path() }
    const made = await buildIn(places, options, lease)
    const [first] = made.images
    if (first === undefined) throw new RangeError('A build is for one platform at least')
    return { ...first, ...made, lease }
  } catch (error) {
    await lease.release()
    throw error
  }
}

async function buildIn(
  places: ContextPlaces,
  options: BuildOptions,
  lease: Lease,
): Promise<Pick<BuildResult, 'images' | 'provenance'>> {
  const { emit = silent, signal = new AbortController().signal } = options
  using opened = await openWorkspace(options, { places, lease, isPrediction: false })
  const { plans, workspace, definition } = opened
  try {
    const states = await solve(
      plans.map(({ target }) => target),
      await createStepRunner(workspace, plans[0]?.images ?? new Map()),
      {
        concurrency: options.concurrency ?? cpuCount(),
        emit,
        signal,
      },
    )
    for (const { digests } of workspace.contexts.values()) {
      digests.save()
      digests.forget()
    }
    const images = await withStep('exporting to image', emit, () =>
      Array.fromAsync(plans, (plan) => exportPlan(plan, { options, states, workspace })),
    )
    const { materials, contexts } = workspace
    const { source, fetched } = definition
    const known = { options, builder: hostPlatform(), dockerfile: source, fetched, contexts }
    const provenance = plans.map((plan) => collectProvenance({ ...known, plan, states, materials }))
    return { images, provenance }
  } finally {
    workspace.deferred.add(workspace.explainer.finish)
    workspace.deferred.run()
    for (const { digests } of workspace.contexts.values()) digests.save()
  }
}

/**
 * Returns which steps of a build would run, and why. No step runs, and the layers of base images
 * are not needed. Throws as `build` does.
 */
export async function predictBuild(options: BuildOptions): Promise<readonly Prediction[]> {
  const { services, signal } = options
  await using lease = await services.records.leases.acquire({ purpose: 'build' })
  await mkdir(services.run, { recursive: true, mode: 0o700 })
  await using directory = await openBuildDirectory(services.run)
  await using scratch = new Scratch(services.scratch)
  const places = { directory: directory.path, scratch: () => scratch.path() }
  using opened = await openWorkspace(options, { places, lease, isPrediction: true })
  const { plans, workspace } = opened
  const targets = plans.map(({ target }) => target)
  const images = plans[0]?.images ?? new Map()
  const predictions = await predict(targets, workspace, { images, signal })
  // The build that follows need not read the files again.
  for (const { digests } of workspace.contexts.values()) digests.save()
  return predictions
}

/** Writes the image for one platform. */
async function exportPlan(
  plan: Plan,
  {
    options,
    states,
    workspace,
  }: {
    readonly options: BuildOptions
    readonly states: ReadonlyMap<Digest, FileState>
    readonly workspace: Workspace
  },
): Promise<ExportedImage> {
  const { services, facts } = workspace
  const created = creationTime(facts.times, plan)
  const state = {
    layers: await finalLayers(states.get(plan.target.digest), workspace, options.signal),
    config: withLabels(plan.config, options.labels),
    author: plan.author,
    history: finishHistory(plan.history, states, created),
    platform: plan.platform,
    created,
    annotations: annotationsFor(options.annotations ?? [], 'manifest', plan.platform),
  }
  return await exporters.image(services, state, options.signal)
}

/** The layers of the image. Layers of earlier commits get the times of this commit. */
async function finalLayers(
  state: FileState | undefined,
  { services, facts }: Workspace,
  signal: AbortSignal = new AbortController().signal,
): Promise<Layer[]> {
  const { times } = facts
  const isDerived = times.kind === 'fixed' && !times.isExplicit
  const layers: Layer[] = []
  for (const layer of state?.layers ?? []) {
    const { descriptor, diffId } = isDerived
      ? await retimeLayer(layer, times.epoch, { services, signal })
      : layer
    layers.push({ descriptor, diffId })
  }
  return layers
}
