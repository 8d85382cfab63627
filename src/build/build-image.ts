import { mkdir } from 'node:fs/promises'
import type { Layer } from '#oci'
import { cpuCount } from '#platform'
import type { Lease } from '#records'
import { silent } from '#stream'
import { type ExportedImage, exportResult, finishHistory } from './export.ts'
import { cachePath } from './files/cache-file.ts'
import { type ContextSources, collectContextSources } from './files/context-sources.ts'
import { createFileDigests } from './files/digests.ts'
import { statusOrigin } from './files/status-origin.ts'
import { type FileTree, openTree } from './files/tree.ts'
import { inStep } from './in-step.ts'
import { createFilesystems } from './layers/filesystems.ts'
import { retimeLayer } from './layers/retime.ts'
import { unpackState } from './layers/unpack-state.ts'
import type { DockerfileSource } from './model/error.ts'
import type { FileState } from './model/state.ts'
import type { BuildOptions } from './options.ts'
import { createBuildArgs, proxyEnvironment } from './plan/scope.ts'
import { chooseTimes, creationTime, makePlan, withLabels } from './prepare.ts'
import { solve } from './solve/solve.ts'
import { createStepRunner } from './solve/steps.ts'
import { type ContextRoot, openContextRoot } from './source/context-root.ts'
import { readDefinition } from './source/definition.ts'
import { httpServices } from './source/services.ts'
import { openBuildDirectory, Scratch } from './step/abandoned.ts'
import { SpareTime } from './step/spare-time.ts'
import type { Workspace } from './step/workspace.ts'
import type { Times } from './times/times.ts'

/** The image a build made; it is in the store, and has no tag yet. */
export interface BuildResult extends ExportedImage {
  /** Keeps the image from being collected: release it when the image is tagged. */
  readonly lease: Lease
}

/**
 * Builds the image a Dockerfile describes and writes it to the store: the same
 * Dockerfile and context give the same digest, on any machine and whatever is
 * cached, as far as the commands of RUN allow. Throws `DockerfileError` for what
 * is wrong with the file, `ExitError` for a RUN that fails.
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { services } = options
  const lease = services.records.leases.acquire({ purpose: 'build' })
  try {
    await mkdir(services.run, { recursive: true, mode: 0o700 })
    await using directory = await openBuildDirectory(services.run)
    await using scratch = new Scratch(services.scratch)
    const places = { directory: directory.path, scratch: () => scratch.path() }
    return { ...(await buildIn(places, options, lease)), lease }
  } catch (error) {
    lease.release()
    throw error
  }
}

async function buildIn(
  places: Pick<Workspace, 'directory' | 'scratch'>,
  options: BuildOptions,
  lease: Lease,
): Promise<ExportedImage> {
  const { signal } = options
  const contextRoot = await openContextRoot(options.context, places, signal)
  const { source, ignore } = await readDefinition(contextRoot, options.dockerfile)
  const listedAt = Date.now()
  using context = openTree(contextRoot.path, {
    name: 'the build context',
    hasOwners: false,
    ignore,
  })
  const buildArgs = createBuildArgs(options.buildArgs ?? {})
  const plan = await makePlan(options, source, { buildArgs, ignore })
  const emit = options.emit ?? silent
  const sources = await inStep('[internal] load build context', emit, async () =>
    collectContextSources(plan.target, context, source),
  )
  const times = await chooseTimes(options, plan, { contextRoot, sources })
  const made = { source, contextRoot, context, listedAt, sources, times, lease, ...places }
  const workspace = createWorkspace(options, made)
  try {
    const states = await solve(plan.target, createStepRunner(workspace, plan.images), {
      concurrency: options.concurrency ?? cpuCount(),
      emit: workspace.emit,
      ...(signal && { signal }),
    })
    workspace.contextDigests.save()
    workspace.contextDigests.forget()
    const created = creationTime(times, plan)
    const layers = await finalLayers(states.get(plan.target.digest), times, workspace, signal)
    const image = {
      layers,
      config: withLabels(plan.config, options.labels),
      ...(plan.author !== undefined && { author: plan.author }),
      history: finishHistory(plan.history, states, created),
      platform: plan.platform,
      created,
    }
    return await inStep('exporting to image', workspace.emit, () =>
      exportResult(workspace, image, signal),
    )
  } finally {
    workspace.spare.use()
    workspace.contextDigests.save()
  }
}

/** The layers of the image; those of earlier commits get the times of this one. */
async function finalLayers(
  state: FileState | undefined,
  times: Times,
  workspace: Workspace,
  signal: AbortSignal = new AbortController().signal,
): Promise<Layer[]> {
  const isDerived = times.kind === 'fixed' && !times.isExplicit
  const layers: Layer[] = []
  for (const layer of state?.layers ?? []) {
    const { descriptor, diffId } = isDerived
      ? await retimeLayer(layer, times.epoch, { ...workspace, signal })
      : layer
    layers.push({ descriptor, diffId })
  }
  return layers
}

function unremembered(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return `The next build will do more than it needs, for this one could not be remembered: ${reason}`
}

function createWorkspace(
  options: BuildOptions,
  made: {
    readonly source: DockerfileSource
    readonly contextRoot: ContextRoot
    readonly context: FileTree
    readonly listedAt: number
    readonly sources: ContextSources
    readonly times: Times
    readonly lease: Lease
    readonly directory: string
    readonly scratch: () => Promise<string>
  },
): Workspace {
  const { services, buildArgs = {}, emit = silent, signal } = options
  const { store, snapshots, records, memory, network, filters } = services
  const { layers } = records
  const listings: Workspace['listings'] = new Map()
  const isLasting = made.contextRoot.kind === 'directory'
  const { top, root } = made.context
  const origin = isLasting ? statusOrigin(top, root, memory) : undefined
  const digestMemory = origin && { path: cachePath(memory, 'files', root), origin }
  return {
    ...made,
    origin,
    project: `${isLasting ? root : ''} ${made.source.name}`,
    store,
    listings,
    filesystems: createFilesystems({
      snapshots,
      listings,
      unpack: (state) =>
        unpackState(state, {
          ...{ store, snapshots, listings, layers, emit },
          ...(signal && { signal }),
        }),
      read: (layer) => store.read(layer.descriptor, signal ? { signal } : {}),
    }),
    cache: records.cache,
    memory,
    contextDigests: createFileDigests(made.context, digestMemory),
    spare: new SpareTime((error) => emit({ type: 'warning', message: unremembered(error) })),
    runtime: services.runtime,
    ...(network !== undefined && { network }),
    ...(filters !== undefined && { filters }),
    proxies: proxyEnvironment(buildArgs),
    noCache: options.noCache === true,
    explain: options.explain === true,
    http: { ...httpServices(), ...services.http },
    downloads: options.downloads ?? 'any',
    emit,
  }
}
