import { parseGrants } from '#docker/build/run'
import { type BuildRequest, type Built, build } from '#engine/build/build'
import { removeUnnamed } from '#engine/collect/remove-unnamed'
import { isBuildId } from '#engine/history/record'
import type { BuildOutput } from '#engine/output/build-output'
import { withCredentials } from '#engine/registry/with-credentials'
import { openContexts } from './inputs/contexts.ts'
import { openAgents, readSecrets } from './inputs/credentials.ts'
import type { Job } from './jobs.ts'
import { readCacheExports, readCacheImports } from './options/caches.ts'
import type { PendingBuild } from './pending-build.ts'
import type { Services } from './services.ts'

/** Returns the result of a build that other builds use. It is built once. */
export function evaluate(services: Services, pending: PendingBuild): Promise<Built> {
  const image: BuildOutput = { kind: 'image', names: [], push: false, byDigest: false, form: {} }
  pending.evaluated ??= runSteps(services, pending, { outputs: [image] })
  return pending.evaluated
}

/**
 * Ends the use of results by a build. The image of a result that no build uses any more is forgotten,
 * unless another build or a client has stored it as well.
 */
export async function releaseResults({ engine, pending }: Services, job: Job): Promise<void> {
  for (const [id, { holders, evaluated, job: own }] of pending) {
    if (!holders.delete(job) || holders.size > 0) continue
    pending.delete(id)
    const built = await evaluated?.catch(() => undefined)
    if (built !== undefined) await removeUnnamed(engine, built.digest, own.startedAt.getTime())
  }
}

/** Runs the steps of a build and writes its outputs. Throws as `build` does. */
export async function runBuild(
  services: Services,
  pending: PendingBuild,
  outputs: readonly BuildOutput[],
): Promise<Built> {
  const { Cache } = pending.request
  const caches = pending.client.caches((manifest) => {
    pending.cacheManifest = manifest
  })
  const cacheTo = readCacheExports(Cache?.Exports ?? [], caches)
  // What was built already is not built again, even without the cache.
  const wasBuilt = pending.evaluated !== undefined
  await pending.evaluated
  return await runSteps(services, pending, {
    outputs,
    cacheTo,
    ...(wasBuilt && { noCache: false, noCacheStages: [], emit: pending.progress.emitNew() }),
  })
}

async function runSteps(
  services: Services,
  pending: PendingBuild,
  more: Partial<BuildRequest>,
): Promise<Built> {
  const { job, request, attributes, options, definition, client, progress } = pending
  const { signal } = job
  const engine = withCredentials(services.engine, (host) => client.credentials(host))
  await using opened = await openContexts(pending, async (input) => await evaluate(services, input))
  await using agents = await openAgents(pending)
  return await build(engine, {
    ...options,
    ...(isBuildId(job.ref) && { id: job.ref }),
    dockerfile: definition.dockerfile,
    context: opened.context,
    contexts: opened.contexts,
    secrets: await readSecrets(pending),
    agents: agents.sources,
    ...(request.SourcePolicy !== undefined && { sourcePolicy: request.SourcePolicy }),
    allow: request.Entitlements.flatMap(parseGrants),
    cacheFrom: readCacheImports(
      attributes,
      request.Cache?.Imports ?? [],
      client.caches(() => {}),
    ),
    emit: progress.emit,
    signal,
    ...more,
  })
}
