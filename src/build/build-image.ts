import { type Digest, formatPlatform } from '#oci'
import { cpuCount, hostPlatform } from '#platform'
import type { Lease } from '#records'
import { giveWay, silent } from '#stream'
import { foreignSteps } from './buildkit/foreign-steps.ts'
import type { ForeignStep } from './cache/foreign-records.ts'
import { inlineCache } from './cache/inline.ts'
import type { RemoteBlob } from './cache/pending-layers.ts'
import type { ContextPlaces } from './contexts/context-root.ts'
import { annotationsFor } from './export/annotations.ts'
import { editConfig } from './export/config-edits.ts'
import { exporters } from './export/exporters.ts'
import { type ExportedImage, finishHistory } from './export/image.ts'
import { offerShell, withFailedStep } from './failed-step.ts'
import { retimeLayer } from './layers/retime.ts'
import { inDependencyOrder, type Vertex } from './model/graph.ts'
import type { Provenance } from './model/provenance.ts'
import type { FileState, StateLayer } from './model/state.ts'
import { withPlaces } from './open-definition.ts'
import { openWorkspace } from './open-workspace.ts'
import type { BuildOptions } from './options.ts'
import type { Plan } from './plan/plan.ts'
import { creationTime } from './prepare.ts'
import { collectProvenance } from './provenance/collect.ts'
import { type Sbom, scanPlan } from './scan/scan-plan.ts'
import { EarlyBases } from './solve/early-bases.ts'
import { type Prediction, predict } from './solve/predict.ts'
import { rekeySteps } from './solve/rekey.ts'
import { type Solved, type SolvedStep, solvePlans } from './solve/solve-plans.ts'
import { stepFacts } from './solve/step-facts.ts'
import type { Workspace } from './step/workspace.ts'
import { withStep } from './with-step.ts'

export interface BuiltImages {
  /** In the order of the platforms. */
  readonly images: readonly ExportedImage[]
  /** What each image was made of, in the same order. */
  readonly provenance: readonly Provenance[]
  /** The documents about the packages of each image, in the same order. Empty unless asked for. */
  readonly sboms: readonly (readonly Sbom[])[]
  /** The results of all steps, for caches that other machines read. */
  readonly steps: readonly SolvedStep[]
  /** The steps for caches that BuildKit reads. Empty unless asked for. */
  readonly foreignSteps: readonly ForeignStep[]
  /** The diff IDs of the layers of the results, before their times were changed. */
  readonly resultLayers: ReadonlySet<Digest>
  /** The IDs of cache mounts that steps use, also if no step had to run. */
  readonly cacheMounts: readonly string[]
  /** The blob of a layer that came from a cache, or `undefined` for another layer. */
  readonly remoteBlob: (layer: StateLayer) => RemoteBlob | undefined
}

/**
 * The images that a build made, one for each platform; the members are those of the first.
 * They are in the store and have no tag yet.
 */
export interface BuildResult extends ExportedImage, BuiltImages {
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
    const built = await withPlaces(services, (places) => buildIn(places, options, lease))
    const [first] = built.images
    if (first === undefined) throw new RangeError('A build is for one platform at least')
    return { ...first, ...built, lease }
  } catch (error) {
    await lease.release()
    await offerShell(error, options)
    throw error
  }
}

async function buildIn(
  places: ContextPlaces,
  options: BuildOptions,
  lease: Lease,
): Promise<BuiltImages> {
  const { emit = silent, signal = new AbortController().signal } = options
  const { keepsResult } = options
  await using bases = new EarlyBases()
  using opened = await openWorkspace(options, {
    places,
    lease,
    isPrediction: false,
    onPlans: keepsResult === false ? undefined : (plans) => bases.fetch(plans),
  })
  const { plans, workspace, definition } = opened
  await using _drafts = workspace.services.pending
  const targets = plans.map(({ target }) => target)
  try {
    const { states, steps } = await withFailedStep(workspace, options, () =>
      solvePlans(plans, workspace, {
        concurrency: options.concurrency ?? cpuCount(),
        emit,
        signal,
        onStep: options.onStep,
        keepsResult,
      }),
    )
    for (const { digests } of workspace.contexts.values()) {
      await giveWay()
      digests.save()
      digests.forget()
    }
    const images = await withStep('exporting to image', emit, () =>
      Array.fromAsync(plans, (plan) => exportPlan(plan, { options, states, steps, workspace })),
    )
    const { materials, contexts } = workspace
    const { source, fetched } = definition
    const known = { options, builder: hostPlatform(), dockerfile: source, fetched, contexts }
    const provenance = plans.map((plan) => collectProvenance({ ...known, plan, states, materials }))
    const sboms = await scanPlans(options, plans, { states, workspace })
    const { pending } = workspace.services
    const results = targets.flatMap(({ digest }) => states.get(digest)?.layers ?? [])
    const resultLayers = new Set(results.map(({ diffId }) => diffId))
    const remoteBlob: BuiltImages['remoteBlob'] = (layer) => pending.remoteBlob(layer)
    const cacheMounts = cacheMountsOf(targets)
    const { forBuildkit = 'none' } = options
    const described = {
      images: plans[0]?.images ?? new Map(),
      contexts,
      materials,
      states,
      onlySmall: forBuildkit === 'small',
      signal,
    }
    const foreign = forBuildkit === 'none' ? [] : await foreignSteps(targets, described)
    return {
      foreignSteps: foreign,
      images,
      provenance,
      sboms,
      steps,
      resultLayers,
      cacheMounts,
      remoteBlob,
    }
  } finally {
    workspace.deferred.add(workspace.explainer.finish)
    workspace.deferred.run()
    for (const { digests } of workspace.contexts.values()) digests.save()
  }
}

function cacheMountsOf(targets: readonly Vertex[]): readonly string[] {
  const ids = inDependencyOrder(...targets).flatMap(({ op }) =>
    op.kind === 'run'
      ? (op.mounts ?? []).flatMap((mount) => (mount.kind === 'cache' ? [mount.id] : []))
      : [],
  )
  return [...new Set(ids)]
}

/**
 * Returns which steps of a build would run, and why. No step runs, and the layers of base images
 * are not needed. Throws as `build` does.
 */
export async function predictBuild(options: BuildOptions): Promise<readonly Prediction[]> {
  const { services, signal } = options
  await using lease = await services.records.leases.acquire({ purpose: 'build' })
  return await withPlaces(services, async (places) => {
    using opened = await openWorkspace(options, { places, lease, isPrediction: true })
    const { plans, workspace } = opened
    const targets = plans.map(({ target }) => target)
    const images = plans[0]?.images ?? new Map()
    const predictions = await predict(targets, workspace, { images, signal })
    // The build that follows need not read the files again.
    for (const { digests } of workspace.contexts.values()) digests.save()
    return predictions
  })
}

/** Lists the packages of every image. */
async function scanPlans(
  { sbom, emit = silent, signal }: BuildOptions,
  plans: readonly Plan[],
  {
    states,
    workspace,
  }: { readonly states: ReadonlyMap<Digest, FileState>; readonly workspace: Workspace },
): Promise<BuildResult['sboms']> {
  if (sbom === undefined) return []
  const { services, facts } = workspace
  return await withStep('[sbom] listing packages', emit, () =>
    Array.fromAsync(plans, (plan) => {
      const created = creationTime(facts.times, plan)
      const { version, program } = sbom
      return scanPlan(plan, { states, services, created, version, program, signal })
    }),
  )
}

/** Writes the image for one platform. */
async function exportPlan(
  plan: Plan,
  {
    options,
    states,
    steps,
    workspace,
  }: {
    readonly options: BuildOptions
    readonly states: ReadonlyMap<Digest, FileState>
    readonly steps: readonly SolvedStep[]
    readonly workspace: Workspace
  },
): Promise<ExportedImage> {
  const { services, facts } = workspace
  const created = creationTime(facts.times, plan)
  const result = states.get(plan.target.digest)
  const layers =
    options.keepsResult === false
      ? (result?.layers ?? [])
      : await finalLayers(result, workspace, options.signal)
  const state = {
    layers,
    members:
      options.inlineCache === true ? inlineMembers(plan, layers, { steps, states }) : undefined,
    config: editConfig(plan.config, options.labels, options.edits),
    author: plan.author,
    history: finishHistory(plan.history, states, created),
    platform: plan.platform,
    created,
    annotations: annotationsFor(options.annotations ?? [], 'manifest', plan.platform),
  }
  return await exporters.image(services, state, options.signal)
}

/** The cache in the configuration of the image for one platform. */
function inlineMembers(
  { platform, target }: Plan,
  layers: readonly StateLayer[],
  { steps, states }: Solved,
): Readonly<Record<string, string>> {
  const name = formatPlatform(platform)
  const own = steps.filter(({ platforms }) => platforms.includes(name))
  // Layers of earlier commits have other times in the image than in the cache.
  const pairs = (states.get(target.digest)?.layers ?? []).map(
    ({ diffId }, index) => [diffId, layers[index]] as const,
  )
  const changed = pairs.flatMap(([diffId, layer]) =>
    layer === undefined || layer.diffId === diffId ? [] : [[diffId, layer] as const],
  )
  const replaced = new Map(changed)
  const written =
    changed.length === 0 ? own : rekeySteps(inDependencyOrder(target), own, { states, replaced })
  return inlineCache(
    written.map((step) => ({ keys: step.keys, facts: { ...stepFacts(step), platforms: [name] } })),
    layers,
  )
}

/** The layers of the image. Layers of earlier commits get the times of this commit. */
async function finalLayers(
  state: FileState | undefined,
  { services, facts }: Workspace,
  signal: AbortSignal = new AbortController().signal,
): Promise<StateLayer[]> {
  const { times } = facts
  const isDerived = times.kind === 'fixed' && !times.isExplicit
  const layers: StateLayer[] = []
  for (const layer of state?.layers ?? []) {
    layers.push(isDerived ? await retimeLayer(layer, times.epoch, { services, signal }) : layer)
  }
  return layers
}
