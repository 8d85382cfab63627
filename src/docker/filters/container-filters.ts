import type { ContainerFilters, PortCondition } from '#engine/container/container-filter'
import { StrakeError } from '#oci'
import { type ConditionTable, groupConditions, parseLabelCondition } from './conditions.ts'

type Key =
  | 'id'
  | 'name'
  | 'status'
  | 'exited'
  | 'health'
  | 'ancestor'
  | 'before'
  | 'since'
  | 'label'
  | 'network'
  | 'publish'
  | 'expose'
  | 'is-task'
  | 'volume'

const keys: readonly Key[] = [
  'id',
  'name',
  'status',
  'exited',
  'health',
  'ancestor',
  'before',
  'since',
  'label',
  'network',
  'publish',
  'expose',
  'is-task',
  'volume',
]

const table: ConditionTable<Key> = {
  action: 'filter containers',
  keys,
  remedy: `use ${keys.join('=, ')}=`,
}

const states = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const
const healths = ['starting', 'healthy', 'unhealthy', 'none'] as const

/** Reads Docker's conditions on containers. Throws `INVALID` for the first invalid one. */
export function parseContainerFilters(words: readonly string[]): ContainerFilters {
  const values = groupConditions(words, table)
  return {
    ids: values.get('id'),
    names: values.get('name')?.map(parsePattern),
    states: values.get('status')?.map((text) => oneOf('status', text, states)),
    exitCodes: values.get('exited')?.map(parseExitCode),
    healths: values.get('health')?.map((text) => oneOf('health', text, healths)),
    ancestors: values.get('ancestor'),
    before: values.get('before'),
    since: values.get('since'),
    labels: values.get('label')?.map(parseLabelCondition),
    networks: values.get('network'),
    published: values.get('publish')?.map((text) => parsePorts('publish', text)),
    exposed: values.get('expose')?.map((text) => parsePorts('expose', text)),
    isTask: values.get('is-task')?.map(parseTask).includes(true),
    volumes: values.get('volume'),
  }
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (cause) {
    throw refuse(`name=${text}`, 'it is no regular expression', cause)
  }
}

/** Reads `80`, `53/udp` or `8000-8010/tcp`. */
function parsePorts(key: string, text: string): PortCondition {
  const [, start, end = start, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const [first, last] = [Number(start), Number(end)]
  if (first >= 1 && last <= 65_535 && first <= last) {
    return { first, last, protocol: protocol.toLowerCase() }
  }
  throw refuse(`${key}=${text}`, 'expected PORT[-PORT][/PROTOCOL]')
}

function parseTask(text: string): boolean {
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw refuse(`is-task=${text}`, 'expected true or false')
}

function parseExitCode(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw refuse(`exited=${text}`, 'it is an exit code')
}

function oneOf<Word extends string>(key: string, text: string, allowed: readonly Word[]): Word {
  const found = allowed.find((word) => word === text)
  if (found !== undefined) return found
  throw refuse(`${key}=${text}`, `expected one of ${allowed.join(', ')}`)
}

function refuse(word: string, reason: string, cause?: unknown): StrakeError {
  return new StrakeError('INVALID', `Cannot filter containers by '${word}': ${reason}`, { cause })
}
