import type { Lease } from '#records'
import { giveWay, silent } from '#stream'
import { ForeignResults } from './buildkit/foreign-results.ts'
import { PendingLayers } from './cache/pending-layers.ts'
import type { CacheSource } from './cache/source.ts'
import type { ContextPlaces } from './contexts/context-root.ts'
import { namedEpoch } from './contexts/epoch-source.ts'
import { openBuildContext } from './contexts/open-context.ts'
import { openNamedContexts, receiveMainContext } from './contexts/open-contexts.ts'
import type { FindEpoch } from './epoch-argument.ts'
import { createExplainer } from './explain/explainer.ts'
import { collectContextSources } from './files/context-sources.ts'
import { createFilesystems } from './layers/filesystems.ts'
import { unpackState } from './layers/unpack-state.ts'
import { NamedContexts } from './model/contexts.ts'
import { mainContext } from './model/graph.ts'
import { usualLogLimits } from './model/run-settings.ts'
import { httpOf, type OpenDefinition, openDefinition } from './open-definition.ts'
import type { BuildOptions } from './options.ts'
import type { Plan } from './plan/plan.ts'
import { chooseTimes, makePlans } from './prepare.ts'
import { verticesOf } from './scan/scan-plan.ts'
import { DeferredWork } from './step/deferred-work.ts'
import type { BuildFacts, StepServices, Workspace } from './step/workspace.ts'
import { createBuildArgs, proxyEnvironment } from './variables/scope.ts'
import { withStep } from './with-step.ts'

/** The plans of a build, and the values that its steps share. Disposing it closes the contexts. */
export interface OpenWorkspace extends Disposable {
  readonly plans: readonly Plan[]
  readonly workspace: Workspace
  readonly definition: OpenDefinition
}

/** Reads the definition and the contexts of a build. Runs no step. */
export async function openWorkspace(
  options: BuildOptions,
  {
    places,
    lease,
    isPrediction,
    onPlans,
  }: {
    readonly places: ContextPlaces
    readonly lease: Lease
    readonly isPrediction: boolean
    /** Called before the contexts are read. */
    readonly onPlans?: ((plans: readonly Plan[]) => void) | undefined
  },
): Promise<OpenWorkspace> {
  const { emit = silent } = options
  const definition = await openDefinition(options, places)
  const { contextRoot, remote, source, dockerfile, ignore } = definition
  const { cacheFiles, cacheMounts } = options.services
  using stack = new DisposableStack()
  const named = new NamedContexts(options.contexts)
  const buildArgs = createBuildArgs(options.buildArgs ?? {})
  const others = { contexts: named, places, remote, roots: new Map() }
  const findEpoch: FindEpoch = (name, expand) =>
    namedEpoch(name, { ...others, contextRoot, dockerfile, expand })
  const plans = await makePlans(options, definition, { buildArgs, contexts: named, findEpoch })
  onPlans?.(plans)
  const targets = plans.flatMap(verticesOf)
  const contexts = await openNamedContexts(targets, stack, { ...others, cacheFiles })
  const sources = await withStep('[internal] load build context', emit, async () => {
    await receiveMainContext(options.context, targets)
    await giveWay(options.signal)
    const opened = { name: 'the build context', ignore, cacheFiles }
    contexts.set(mainContext, stack.use(openBuildContext(contextRoot, opened)))
    const { signal } = options
    return await collectContextSources(targets, contexts, { source, signal })
  })
  await giveWay(options.signal)
  const times = await chooseTimes(options, plans, { buildArgs, contextRoot, sources })
  const project = `${contextRoot.project} ${source.name}`
  const caches = (await options.cacheSources) ?? []
  const services = stepServices(options, lease, caches)
  const images = plans[0]?.images ?? new Map()
  const { pending } = services
  const materials: Workspace['materials'] = new Map()
  const workspace: Workspace = {
    services,
    ...(caches.some(({ foreign: records }) => records !== undefined) && {
      foreign: new ForeignResults({ sources: caches, images, contexts, materials, pending }),
    }),
    facts: {
      ...factsOf(options),
      isPrediction,
      userinfo: plans[0]?.userinfo ?? new Map(),
      uncached: plans[0]?.uncached ?? new Set(),
      project,
      source,
      times,
      sources,
    },
    contexts,
    places: { ...places, cacheFiles, cacheMounts },
    materials,
    failed: options.onFailedStep === undefined ? undefined : [],
    explainer: createExplainer(options.services.records.cache, project, targets),
    deferred: new DeferredWork((error) => emit({ type: 'warning', message: unremembered(error) })),
    emit,
  }
  const open = stack.move()
  return { plans, workspace, definition, [Symbol.dispose]: () => open.dispose() }
}

function unremembered(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return `The next build will do more than it needs, for this one could not be remembered: ${reason}`
}

function stepServices(
  options: BuildOptions,
  lease: Lease,
  sources: readonly CacheSource[],
): StepServices {
  const { services, emit = silent, signal } = options
  const { store, snapshots, records, runtime, network, devices, filters } = services
  const { cache, layers } = records
  const listings: StepServices['listings'] = new Map()
  const pending = new PendingLayers({ store, layers, lease, emit, signal }, sources)
  const filesystems = createFilesystems({
    snapshots,
    listings,
    async unpack(state) {
      await pending.fetch(state.layers)
      const shared = { store, snapshots, listings, layers }
      await unpackState(state, { ...shared, emit, signal })
    },
    async *read(layer) {
      await pending.fetch([layer])
      yield* store.read(layer.descriptor, { signal })
    },
  })
  const http = httpOf(options)
  const files = { filesystems, pending, cacheSources: sources, listings }
  return { store, cache, lease, ...files, runtime, network, devices, filters, http }
}

function factsOf(
  options: BuildOptions,
): Omit<
  BuildFacts,
  'project' | 'source' | 'times' | 'sources' | 'userinfo' | 'uncached' | 'isPrediction'
> {
  return {
    proxies: proxyEnvironment(options.buildArgs ?? {}),
    noCache: options.noCache === true,
    runLimits: options.runLimits ?? {},
    logLimits: { ...usualLogLimits, ...options.logLimits },
    explain: options.explain === true,
    sourcePolicy: options.sourcePolicy,
    lock: options.lock,
    isOffline: options.offline === true,
    downloads: options.downloads ?? 'any',
    secrets: options.secrets ?? new Map(),
    agents: options.agents ?? new Map(),
  }
}
