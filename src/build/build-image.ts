import { mkdir } from 'node:fs/promises'
import type { Digest, Layer } from '#oci'
import { cpuCount, hostPlatform } from '#platform'
import type { Lease } from '#records'
import { silent } from '#stream'
import type { ContextPlaces } from './contexts/context-root.ts'
import { openBuildContext } from './contexts/open-context.ts'
import { openNamedContexts } from './contexts/open-contexts.ts'
import { annotationsFor } from './export/annotations.ts'
import { exporters } from './export/exporters.ts'
import { type ExportedImage, finishHistory } from './export/image.ts'
import { collectContextSources } from './files/context-sources.ts'
import { createFilesystems } from './layers/filesystems.ts'
import { retimeLayer } from './layers/retime.ts'
import { unpackState } from './layers/unpack-state.ts'
import { NamedContexts } from './model/contexts.ts'
import { mainContext } from './model/graph.ts'
import type { Provenance } from './model/provenance.ts'
import type { FileState } from './model/state.ts'
import { openDefinition } from './open-definition.ts'
import type { BuildOptions } from './options.ts'
import type { Plan } from './plan/plan.ts'
import { chooseTimes, creationTime, makePlans, withLabels } from './prepare.ts'
import { collectProvenance } from './provenance/collect.ts'
import { solve } from './solve/solve.ts'
import { createStepRunner } from './solve/steps.ts'
import { httpServices } from './source/services.ts'
import { openBuildDirectory, Scratch } from './step/abandoned.ts'
import { DeferredWork } from './step/deferred-work.ts'
import type { BuildFacts, StepServices, Workspace } from './step/workspace.ts'
import { createBuildArgs, proxyEnvironment } from './variables/scope.ts'
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
  const { contextRoot, remote, source, ignore, fetched } = await openDefinition(options, places)
  const { cacheFiles, cacheMounts } = options.services
  using stack = new DisposableStack()
  const main = stack.use(
    openBuildContext(contextRoot, { name: 'the build context', ignore, cacheFiles }),
  )
  const named = new NamedContexts(options.contexts)
  const buildArgs = createBuildArgs(options.buildArgs ?? {})
  const plans = await makePlans(options, source, { buildArgs, ignore, contexts: named })
  const targets = plans.map(({ target }) => target)
  const others = { contexts: named, places, remote, cacheFiles }
  const contexts = await openNamedContexts(targets, stack, others)
  contexts.set(mainContext, main)
  const sources = await withStep('[internal] load build context', emit, async () =>
    collectContextSources(targets, contexts, source),
  )
  const times = await chooseTimes(options, plans, { contextRoot, sources })
  const project = `${contextRoot.project} ${source.name}`
  const workspace: Workspace = {
    services: stepServices(options, lease),
    facts: {
      ...factsOf(options),
      userinfo: plans[0]?.userinfo ?? new Map(),
      uncached: plans[0]?.uncached ?? new Set(),
      project,
      source,
      times,
      sources,
    },
    contexts,
    places: { ...places, cacheFiles, cacheMounts },
    materials: new Map(),
    deferred: new DeferredWork((error) => emit({ type: 'warning', message: unremembered(error) })),
    emit,
  }
  try {
    const states = await solve(
      targets,
      await createStepRunner(workspace, plans[0]?.images ?? new Map()),
      {
        concurrency: options.concurrency ?? cpuCount(),
        emit,
        signal,
      },
    )
    for (const { digests } of contexts.values()) {
      digests.save()
      digests.forget()
    }
    const images = await withStep('exporting to image', emit, () =>
      Array.fromAsync(plans, (plan) => exportPlan(plan, { options, states, workspace })),
    )
    const { materials } = workspace
    const known = { options, builder: hostPlatform(), dockerfile: source, fetched, contexts }
    const provenance = plans.map((plan) => collectProvenance({ ...known, plan, states, materials }))
    return { images, provenance }
  } finally {
    workspace.deferred.run()
    for (const { digests } of contexts.values()) digests.save()
  }
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

function unremembered(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return `The next build will do more than it needs, for this one could not be remembered: ${reason}`
}

function stepServices(options: BuildOptions, lease: Lease): StepServices {
  const { services, emit = silent, signal } = options
  const { store, snapshots, records, runtime, network, devices, filters } = services
  const { cache, layers } = records
  const listings: StepServices['listings'] = new Map()
  const filesystems = createFilesystems({
    snapshots,
    listings,
    unpack: (state) =>
      unpackState(state, {
        store,
        snapshots,
        listings,
        layers,
        emit,
        signal,
      }),
    read: (layer) => store.read(layer.descriptor, signal ? { signal } : {}),
  })
  const http = { ...httpServices(), ...services.http }
  return { store, cache, lease, filesystems, listings, runtime, network, devices, filters, http }
}

function factsOf(
  options: BuildOptions,
): Omit<BuildFacts, 'project' | 'source' | 'times' | 'sources' | 'userinfo' | 'uncached'> {
  return {
    proxies: proxyEnvironment(options.buildArgs ?? {}),
    noCache: options.noCache === true,
    runLimits: options.runLimits ?? {},
    explain: options.explain === true,
    downloads: options.downloads ?? 'any',
    secrets: options.secrets ?? new Map(),
    agents: options.agents ?? new Map(),
  }
}
