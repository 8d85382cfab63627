import type { MountRequest } from '#container/model/mount-request'
import { type Container, isRunning, readContainer } from '#container/model/record'
import { networkNames } from '#container/model/settings'
import { readHealth } from '#container/observe/health'
import { isLost, isOrphaned } from '#container/recovery/abandoned'
import { isStrakeError, type Platform } from '#oci'
import { isSystemError } from '#platform'
import { remembered } from '#platform/remembered/remembered'
import { anonymousVolume } from '#volume/anonymous'
import type { Engine } from '../engine.ts'
import { type ContainerFilters, containerTest, includesStopped } from './container-filter.ts'
import type { ContainerSummary, ListedMount } from './summary.ts'

export interface ListContainersOptions {
  /** Also list containers that do not run. */
  readonly all?: boolean | undefined
  readonly filters?: ContainerFilters | undefined
}

/**
 * Lists containers, newest first. Containers that ended without a monitor are cleaned
 * up before, so that a container with `--rm` is not listed. Throws `NOT_FOUND` when a
 * filter names an absent container.
 */
export async function listContainers(
  engine: Engine,
  options: ListContainersOptions = {},
): Promise<readonly ContainerSummary[]> {
  return (await listWithContainers(engine, options)).map(({ summary }) => summary)
}

/** A container as it was read, and its line. */
export interface ListedContainer {
  readonly container: Container
  readonly summary: ContainerSummary
}

/** Like `listContainers`, for callers who need more of each container. */
export async function listWithContainers(
  engine: Engine,
  { all = false, filters = {} }: ListContainersOptions = {},
): Promise<readonly ListedContainer[]> {
  const passes = containerTest(filters, engine.records)
  const shown = (one: Container): boolean => all || includesStopped(filters) || isRunning(one)
  const read = (): readonly Container[] =>
    engine.records.containers.list().map((record) => readContainer(engine, record))
  let containers = read()
  if (containers.some((one) => isLost(engine, one) || isOrphaned(engine, one))) {
    await reconcile(engine)
    containers = read()
  }
  return containers
    .filter(shown)
    .map((container) => ({ container, summary: summarize(engine, container) }))
    .filter(({ summary }) => passes(summary))
}

/** Returns a function that returns the platform of a container's image, if the store has the image. */
export function platformReader({
  records,
}: Pick<Engine, 'records'>): (container: ContainerSummary) => Platform | undefined {
  const known = new Map<string, Platform | undefined>()
  return ({ imageDigest }) => {
    if (imageDigest === undefined) return undefined
    if (!known.has(imageDigest)) known.set(imageDigest, records.images.get(imageDigest)?.platform)
    return known.get(imageDigest)
  }
}

/** Loads its code when it is needed, because most lists find nothing to clean up. */
async function reconcile(engine: Engine): Promise<void> {
  const { reconcileContainers } = await import('#container/recovery/reconcile')
  const { restartLost } = await import('#container/verbs/start-all')
  const { containerContext } = await import('./container-context.ts')
  try {
    const context = await containerContext(engine)
    await restartLost(context, await reconcileContainers(context))
  } catch (error) {
    // `system cleanup` reports the reason. The list is still right.
    if (!isStrakeError(error) && !isSystemError(error)) throw error
  }
}

function summarize(engine: Engine, container: Container): ContainerSummary {
  return toSummary(container, readHealth(engine, container)?.Status ?? 'none')
}

const toSummary = remembered(
  (container: Container, health: ContainerSummary['health']): ContainerSummary => {
    const { id, name, createdAt, settings, state } = container
    const isUp = state.status === 'running' || state.status === 'paused'
    return {
      id,
      name,
      image: settings.image.reference,
      imageId: settings.image.id,
      imageDigest: settings.image.digest,
      command: [...settings.entrypoint, ...settings.command],
      created: new Date(createdAt),
      state: state.status,
      exitCode: state.exitCode,
      startedAt: instantOf(state.startedAt),
      finishedAt: instantOf(state.finishedAt),
      published: isUp ? (state.network?.ports ?? []) : [],
      exposed: isUp ? settings.exposed : [],
      labels: settings.labels,
      networks: networkNames(settings),
      health,
      mounts: settings.mounts.flatMap((mount) => listMount(id, mount)),
    }
  },
)

/** A volume without a name has one that is made of the container's ID. A tmpfs is not listed. */
function listMount(
  containerId: string,
  { type, source, destination }: MountRequest,
): readonly ListedMount[] {
  if (type === 'volume') {
    const name = source ?? anonymousVolume(containerId, destination)
    return [{ isVolume: true, source: name, destination }]
  }
  return source === undefined ? [] : [{ isVolume: false, source, destination }]
}

function instantOf(time: string): Date | undefined {
  return time === '' ? undefined : new Date(time)
}
