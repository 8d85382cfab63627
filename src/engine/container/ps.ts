import {
  type Container,
  formatStatus,
  isLost,
  isRunning,
  readContainer,
  readHealth,
  reconcileContainers,
} from '#container'
import { isStrakeError } from '#oci'
import { isSystemError } from '#platform'
import type { Engine } from '../engine.ts'
import { containerContext } from './container-context.ts'
import { parseContainerFilters } from './container-filter.ts'
import { formatPorts } from './ports.ts'
import type { ContainerSummary } from './summary.ts'

export interface ListContainersOptions {
  /** Also those that do not run. */
  readonly all: boolean
  /** Docker's conditions: `name=web`, `status=exited`, `label=a=b`. */
  readonly filters: readonly string[]
}

/**
 * Containers, newest first. Those that ended without anybody to see it are
 * cleaned up first, so that one with `--rm` is gone. Throws `INVALID` for an
 * unknown filter.
 */
export async function listContainers(
  engine: Engine,
  { all, filters }: ListContainersOptions,
): Promise<readonly ContainerSummary[]> {
  const wanted = parseContainerFilters(filters, engine.records)
  const read = (): readonly Container[] =>
    engine.records.containers.list().map((record) => readContainer(engine, record))
  let containers = read()
  if (containers.some((one) => isLost(engine, one))) {
    await reconcile(engine)
    containers = read()
  }
  return containers
    .filter((container) => all || wanted.asksState || isRunning(container))
    .map((container) => summarize(engine, container))
    .filter(wanted.passes)
}

async function reconcile(engine: Engine): Promise<void> {
  try {
    await reconcileContainers(await containerContext(engine))
  } catch (error) {
    // `system cleanup` says why; a list can be shown all the same.
    if (!isStrakeError(error) && !isSystemError(error)) throw error
  }
}

function summarize(engine: Engine, container: Container): ContainerSummary {
  const { id, name, createdAt, settings, state } = container
  const health = readHealth(engine, container)?.Status
  return {
    id,
    name,
    image: settings.image.reference,
    imageId: settings.image.id,
    command: [...settings.entrypoint, ...settings.command],
    created: new Date(createdAt),
    state: state.status,
    status: formatStatus({ state, health }),
    exitCode: state.exitCode,
    ports: formatPorts(container),
    labels: settings.labels,
    network: settings.network,
    health: health ?? 'none',
    mounts: settings.mounts.flatMap(({ source }) => (source === undefined ? [] : [source])),
  }
}
