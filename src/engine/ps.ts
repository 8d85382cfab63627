import { type Container, formatStatus, isRunning, readContainer, readHealth } from '#container'
import { matchPattern } from '#dockerfile'
import { StrakeError } from '#oci'
import type { Engine } from './engine.ts'
import { formatPorts } from './ports.ts'

/** One line of `ps`. */
export interface ContainerSummary {
  readonly id: string
  readonly name: string
  /** As it was written when the container was made. */
  readonly image: string
  readonly imageId: string
  readonly command: readonly string[]
  readonly created: Date
  /** `created`, `running`, `paused`, `restarting`, `exited`, `dead`. */
  readonly state: string
  /** Docker's words: `Up 3 seconds`. */
  readonly status: string
  readonly exitCode: number
  /** `127.0.0.1:8080->80/tcp`. */
  readonly ports: string
  readonly labels: Readonly<Record<string, string>>
}

export interface ListContainersOptions {
  /** Also those that do not run. */
  readonly all: boolean
  /** Docker's conditions: `name=web`, `status=exited`, `label=a=b`. */
  readonly filters: readonly string[]
}

/** Containers, newest first. Throws `INVALID` for an unknown filter. */
export async function listContainers(
  engine: Engine,
  { all, filters }: ListContainersOptions,
): Promise<readonly ContainerSummary[]> {
  const tests = filters.map(parseFilter)
  const asksState = tests.some(({ key }) => key === 'status' || key === 'exited')
  return engine.records.containers
    .list()
    .map((record) => readContainer(engine, record))
    .filter((container) => all || asksState || isRunning(container))
    .map((container) => summarize(engine, container))
    .filter((summary) => tests.every((test) => test.passes(summary)))
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
  }
}

interface Filter {
  readonly key: string
  passes(container: ContainerSummary): boolean
}

const tests: Readonly<Record<string, (container: ContainerSummary, value: string) => boolean>> = {
  id: ({ id }, value) => id.startsWith(value),
  name: ({ name }, value) => name.includes(value) || matchPattern(value, name),
  status: ({ state }, value) => state === value,
  exited: ({ state, exitCode }, value) => state === 'exited' && String(exitCode) === value,
  ancestor: ({ image, imageId }, value) =>
    image === value || imageId.startsWith(value) || imageId.startsWith(`sha256:${value}`),
  label: ({ labels }, value) => {
    const at = value.indexOf('=')
    const key = at < 0 ? value : value.slice(0, at)
    return Object.hasOwn(labels, key) && (at < 0 || labels[key] === value.slice(at + 1))
  },
}

function parseFilter(text: string): Filter {
  const at = text.indexOf('=')
  const key = text.slice(0, at)
  const test = at > 0 && Object.hasOwn(tests, key) ? tests[key] : undefined
  if (test === undefined) {
    throw new StrakeError('INVALID', `Cannot filter containers by '${text}': unknown condition`, {
      remedy: `use ${Object.keys(tests).join('=, ')}=`,
    })
  }
  const value = text.slice(at + 1)
  return { key, passes: (container) => test(container, value) }
}
