import { StrakeError } from '#oci'
import type { Records } from '#records'
import { hasLabel, type LabelCondition } from '../filter/labels.ts'
import { findTarget } from '../image/find-target.ts'
import type { ContainerSummary } from './summary.ts'

/**
 * Conditions of a filter. A container must meet all of them. A condition with several
 * values holds if one value matches, except `labels`, where all must match.
 */
export interface ContainerFilters {
  /** Beginnings of IDs. */
  readonly ids?: readonly string[] | undefined
  readonly names?: readonly RegExp[] | undefined
  readonly states?: readonly ContainerSummary['state'][] | undefined
  /** Exit codes. The container must have exited. */
  readonly exitCodes?: readonly number[] | undefined
  readonly healths?: readonly ContainerSummary['health'][] | undefined
  /** Names or IDs of images. */
  readonly ancestors?: readonly string[] | undefined
  /** Names or IDs of containers that were made later. */
  readonly before?: readonly string[] | undefined
  /** Names or IDs of containers that were made earlier. */
  readonly since?: readonly string[] | undefined
  readonly labels?: readonly LabelCondition[] | undefined
  readonly networks?: readonly string[] | undefined
  /** Ports of this machine that are published: the container must run. */
  readonly published?: readonly PortCondition[] | undefined
  /** Ports that are exposed or published: the container must run. */
  readonly exposed?: readonly PortCondition[] | undefined
  /** False lets every container pass, because a task of a swarm would be another thing. */
  readonly isTask?: boolean | undefined
  /** Names of volumes and paths of the host. */
  readonly volumes?: readonly string[] | undefined
}

/** Ports `first` to `last` of a container. */
export interface PortCondition {
  readonly first: number
  readonly last: number
  readonly protocol: string
}

/** True if a condition names a state: containers that do not run are then listed too. */
export function includesStopped({ states = [], exitCodes = [] }: ContainerFilters): boolean {
  return states.length + exitCodes.length > 0
}

type Test = (container: ContainerSummary) => boolean

/**
 * Returns a test for containers. Throws `NOT_FOUND` when a condition names an absent
 * container.
 */
export function containerTest(filters: ContainerFilters, records: Records): Test {
  const tests = [
    oneOf(filters.ids, (start, { id }) => id.startsWith(start)),
    // Docker's names begin with a slash.
    oneOf(filters.names, (pattern, { name }) => pattern.test(name) || pattern.test(`/${name}`)),
    oneOf(filters.states, (wanted, { state }) => state === wanted),
    oneOf(
      filters.exitCodes,
      (code, { state, exitCode }) => state === 'exited' && exitCode === code,
    ),
    oneOf(filters.healths, (wanted, { health }) => health === wanted),
    oneOf(
      filters.ancestors?.map((name) => ({ name, ids: idsOf(records, name) })),
      ({ name, ids }, { image, imageId }) => image === name || ids.includes(imageId),
    ),
    oneOf(
      filters.before?.map((name) => getRecord(records, 'before', name)),
      ({ createdAt }, { created }) => created.getTime() < createdAt,
    ),
    oneOf(
      filters.since?.map((name) => getRecord(records, 'since', name)),
      (other, { created, id }) => created.getTime() >= other.createdAt && id !== other.id,
    ),
    oneOf(
      filters.networks?.map((text) => records.networks.find(text)?.name ?? text),
      (wanted, { networks }) => networks.includes(wanted),
    ),
    oneOf(filters.published, (wanted, { published }) =>
      published.some((port) => hasPort(wanted, port.hostPort, port.protocol)),
    ),
    oneOf(filters.exposed, (wanted, { exposed, published }) => {
      const ports = published.map((port) => `${port.containerPort}/${port.protocol}`)
      return [...exposed, ...ports].some((text) => {
        const [port, protocol = 'tcp'] = text.split('/')
        return hasPort(wanted, Number(port), protocol)
      })
    }),
    () => filters.isTask !== true,
    oneOf(filters.volumes, (wanted, { mounts }) =>
      mounts.some(({ source, destination }) => wanted === source || wanted === destination),
    ),
    ...(filters.labels ?? []).map(
      (label): Test =>
        ({ labels }) =>
          hasLabel(labels, label),
    ),
  ]
  return (container) => tests.every((test) => test(container))
}

function hasPort({ first, last, protocol }: PortCondition, port: number, other: string): boolean {
  return port >= first && port <= last && protocol === other
}

/** The IDs of the images that a name or ID means, one for each platform. */
function idsOf(records: Records, text: string): readonly string[] {
  return (findTarget(records, text)?.images ?? []).map(({ imageId }) => imageId)
}

/** A condition that holds for any of the values; without values it holds for every container. */
function oneOf<Value>(
  values: readonly Value[] = [],
  holds: (value: Value, container: ContainerSummary) => boolean,
): Test {
  return (container) => values.length === 0 || values.some((value) => holds(value, container))
}

function getRecord(
  records: Records,
  key: string,
  value: string,
): { readonly id: string; readonly createdAt: number } {
  const record = records.containers.findByNameOrId(value)
  if (record) return record
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot filter containers by '${key}=${value}': there is no container ${value}`,
    { remedy: 'see strake ps --all' },
  )
}
