import { StrakeError } from '#oci'
import type { Records } from '#records'
import { hasLabel } from '../filter/prune-filter.ts'
import { findImage } from '../image/find-image.ts'
import type { ContainerSummary } from './summary.ts'

/** Whether a container is wanted. */
export interface ContainerFilter {
  /** True when a state was asked for, so that containers that do not run are looked at too. */
  readonly asksState: boolean
  passes(container: ContainerSummary): boolean
}

type Test = (container: ContainerSummary) => boolean

/** Reads one condition's value. Throws `INVALID` or `NOT_FOUND` for one that means nothing. */
type Reader = (value: string, records: Records) => Test

const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']
const healths = ['starting', 'healthy', 'unhealthy', 'none']

const readers: Readonly<Record<string, Reader>> = {
  id:
    (value) =>
    ({ id }) =>
      id.startsWith(value),
  name: readName,
  status(value) {
    requireOneOf('status', value, states)
    return ({ state }) => state === value
  },
  exited(value) {
    if (!/^\d+$/.test(value)) throw refuse(`exited=${value}`, 'it is an exit code')
    return ({ state, exitCode }) => state === 'exited' && exitCode === Number(value)
  },
  health(value) {
    requireOneOf('health', value, healths)
    return ({ health }) => health === value
  },
  ancestor: readAncestor,
  before: (value, records) => {
    const { createdAt } = getRecord(records, 'before', value)
    return ({ created }) => created.getTime() < createdAt
  },
  since: (value, records) => {
    const { createdAt, id: own } = getRecord(records, 'since', value)
    return ({ created, id }) => created.getTime() >= createdAt && id !== own
  },
  label:
    (value) =>
    ({ labels }) =>
      hasLabel(labels, value),
  network:
    (value) =>
    ({ network }) =>
      network === value,
  volume:
    (value) =>
    ({ mounts }) =>
      mounts.includes(value),
}

/** Conditions that must all hold; of the others one value of several is enough, as with Docker. */
const cumulative = new Set(['label'])

/** Reads Docker's conditions, `name=web`. Throws `INVALID` naming the first that cannot be read. */
export function parseContainerFilters(words: readonly string[], records: Records): ContainerFilter {
  const groups = new Map<string, Test[]>()
  for (const word of words) {
    const at = word.indexOf('=')
    const key = word.slice(0, at)
    const reader = at > 0 && Object.hasOwn(readers, key) ? readers[key] : undefined
    if (reader === undefined) {
      throw new StrakeError('INVALID', `Cannot filter containers by '${word}': unknown condition`, {
        remedy: `use ${Object.keys(readers).join('=, ')}=`,
      })
    }
    groups.set(key, [...(groups.get(key) ?? []), reader(word.slice(at + 1), records)])
  }
  return {
    asksState: groups.has('status') || groups.has('exited'),
    passes: (container) =>
      [...groups].every(([key, tests]) =>
        cumulative.has(key)
          ? tests.every((test) => test(container))
          : tests.some((test) => test(container)),
      ),
  }
}

/** A part of the name, or a regular expression; Docker's names begin with a slash. */
function readName(value: string): Test {
  let pattern: RegExp
  try {
    pattern = new RegExp(value)
  } catch (cause) {
    throw new StrakeError(
      'INVALID',
      `Cannot filter containers by 'name=${value}': it is no regular expression`,
      { cause },
    )
  }
  return ({ name }) => pattern.test(name) || pattern.test(`/${name}`)
}

function readAncestor(value: string, records: Records): Test {
  const imageId = findImage(records, value)?.image.imageId
  return ({ image, imageId: own }) => image === value || own === imageId
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

function requireOneOf(key: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw refuse(`${key}=${value}`, `it is one of ${allowed.join(', ')}`)
}

function refuse(word: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot filter containers by '${word}': ${reason}`)
}
