import { readFileSync } from 'node:fs'
import { type ContainerOptions, parseMount, parseSignal, parseTmpfs, parseVolume } from '#container'
import { parseBoolean } from '#dockerfile/boolean'
import { parseDuration } from '#dockerfile/duration'
import { parsePublish } from '#network'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import { parseSeccompProfile } from '#runtime'

/** `run` and `create` in the words of Docker's flags, not yet read. */
export interface ContainerRequest {
  readonly volumes?: readonly string[]
  readonly mounts?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly publish?: readonly string[]
  readonly restart?: string
  readonly ulimits?: readonly string[]
  readonly devices?: readonly string[]
  readonly securityOptions?: readonly string[]
  readonly addHosts?: readonly string[]
  readonly network?: string
  readonly logOptions?: readonly string[]
  readonly logDriver?: string
  readonly stopSignal?: string
  readonly health?: {
    readonly command?: string
    readonly interval?: string
    readonly timeout?: string
    readonly startPeriod?: string
    readonly startInterval?: string
    readonly retries?: number
    readonly none?: boolean
  }
}

type Parsed = Pick<
  ContainerOptions,
  | 'mounts'
  | 'ports'
  | 'restart'
  | 'rlimits'
  | 'extraHosts'
  | 'network'
  | 'log'
  | 'health'
  | 'stopSignal'
> & {
  readonly security: Pick<
    NonNullable<ContainerOptions['security']>,
    'seccomp' | 'noNewPrivileges' | 'maskPaths' | 'devices'
  >
}

/** Reads every flag. Throws `INVALID` naming the first that cannot be read. */
export function parseContainerRequest(request: ContainerRequest): Parsed {
  return {
    mounts: [
      ...(request.volumes ?? []).map(parseVolume),
      ...(request.mounts ?? []).map(parseMount),
      ...(request.tmpfs ?? []).map(parseTmpfs),
    ],
    ports: (request.publish ?? []).flatMap(parsePublish),
    rlimits: (request.ulimits ?? []).map(parseUlimit),
    extraHosts: (request.addHosts ?? []).map(parseAddHost),
    security: {
      ...parseSecurity(request.securityOptions ?? []),
      devices: (request.devices ?? []).map(parseDevice),
    },
    log: parseLog(request.logDriver, request.logOptions ?? []),
    ...(request.restart === undefined ? {} : { restart: parseRestart(request.restart) }),
    ...(request.network === undefined ? {} : { network: parseNetwork(request.network) }),
    ...(request.stopSignal === undefined
      ? {}
      : { stopSignal: parseStopSignal(request.stopSignal) }),
    ...(request.health === undefined ? {} : { health: parseHealth(request.health) }),
  }
}

function refuse(flag: string, text: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use ${flag} ${text}: ${reason}`)
}

export function parseRestart(text: string): NonNullable<ContainerOptions['restart']> {
  const [name = '', count = '0'] = text.split(':')
  const maximumRetryCount = Number(count)
  const known = (['no', 'on-failure', 'always', 'unless-stopped'] as const).find(
    (one) => one === name,
  )
  if (known === undefined || !Number.isSafeInteger(maximumRetryCount) || maximumRetryCount < 0) {
    throw refuse('--restart', text, 'it is no, on-failure[:COUNT], always or unless-stopped')
  }
  return { name: known, maximumRetryCount }
}

function parseNetwork(text: string): NonNullable<ContainerOptions['network']> {
  const name = text === 'default' ? 'bridge' : text
  const known = (['bridge', 'host', 'none'] as const).find((one) => one === name)
  if (known === undefined) throw refuse('--network', text, 'there are bridge, host and none')
  return known
}

/** Kept as it was typed, as `inspect` shows it. */
function parseStopSignal(text: string): string {
  parseSignal(text)
  return text
}

const ulimits = new Set(
  (
    'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending ' +
    'stack'
  ).split(' '),
)

function parseUlimit(text: string): NonNullable<ContainerOptions['rlimits']>[number] {
  const [name = '', values = ''] = text.split('=')
  const [soft = Number.NaN, hard = soft] = values.split(':').map(Number)
  if (!ulimits.has(name) || values === '' || !(soft <= hard || hard === -1)) {
    throw refuse(
      '--ulimit',
      text,
      `it reads NAME=SOFT[:HARD], and NAME is one of ${[...ulimits].join(', ')}`,
    )
  }
  return { type: `RLIMIT_${name.toUpperCase()}`, soft, hard }
}

function parseAddHost(text: string): NonNullable<ContainerOptions['extraHosts']>[number] {
  const at = text.search(/[:=]/)
  const name = text.slice(0, at)
  const ip = text.slice(at + 1).replace(/^\[(.*)\]$/, '$1')
  if (at <= 0 || ip === '') throw refuse('--add-host', text, 'it reads NAME:ADDRESS')
  return { name, ip }
}

function parseDevice(text: string): { source: string; destination: string; access: string } {
  const [source = '', second, third] = text.split(':')
  const access = third ?? (second !== undefined && /^[rwm]{1,3}$/.test(second) ? second : 'rwm')
  const destination = second === undefined || second === access ? source : second
  if (!source.startsWith('/') || !destination.startsWith('/') || !/^[rwm]{1,3}$/.test(access)) {
    throw refuse('--device', text, 'it reads /dev/NODE[:/dev/NODE][:rwm]')
  }
  return { source, destination, access }
}

function parseSecurity(words: readonly string[]): Omit<Parsed['security'], 'devices'> {
  let found: Omit<Parsed['security'], 'devices'> = {}
  for (const word of words) {
    const [key = '', value = ''] = word.split(/[=:]/, 2)
    if (key === 'no-new-privileges') {
      const noNewPrivileges = parseBoolean(word === key ? 'true' : value)
      if (noNewPrivileges === undefined) {
        throw refuse('--security-opt', word, 'expected true or false')
      }
      found = { ...found, noNewPrivileges }
    } else if (key === 'seccomp' && value !== '') {
      found = { ...found, seccomp: readSeccomp(word.slice('seccomp='.length)) }
    } else if (key === 'systempaths' && value === 'unconfined') {
      found = { ...found, maskPaths: false }
    } else if (!(key === 'apparmor' || key === 'label')) {
      throw refuse('--security-opt', word, 'it is unknown')
    }
  }
  return found
}

function readSeccomp(value: string): NonNullable<Parsed['security']['seccomp']> {
  if (value === 'unconfined' || value === 'builtin') return value
  let raw: Uint8Array
  try {
    raw = readFileSync(value)
  } catch (cause) {
    const reason = isSystemError(cause, 'ENOENT') ? 'there is no such file' : 'it cannot be opened'
    throw new StrakeError('INVALID', `Cannot read the seccomp profile ${value}: ${reason}`, {
      cause,
    })
  }
  return parseSeccompProfile(raw, value)
}

function parseLog(
  driver: string | undefined,
  words: readonly string[],
): NonNullable<ContainerOptions['log']> {
  if (driver !== undefined && driver !== 'json-file' && driver !== 'none') {
    throw refuse('--log-driver', driver, 'there are json-file and none')
  }
  let log: NonNullable<ContainerOptions['log']> = driver === undefined ? {} : { driver }
  for (const word of words) {
    const [key, value = ''] = word.split('=')
    if (key === 'max-size') log = { ...log, maxSize: parseSize(word, value) }
    else if (key === 'max-file') log = { ...log, maxFile: Number(value) || 1 }
    else throw refuse('--log-opt', word, 'there are max-size and max-file')
  }
  return log
}

function parseSize(word: string, text: string): number {
  const match = /^(\d+)([kmg]?)b?$/i.exec(text)
  if (!match) throw refuse('--log-opt', word, 'it reads max-size=10m')
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2] ?? '').toLowerCase()] ?? 1
  return Number(match[1]) * factor
}

function parseHealth(
  health: NonNullable<ContainerRequest['health']>,
): NonNullable<ContainerOptions['health']> {
  if (health.none) return { Test: ['NONE'] }
  return {
    ...(health.command === undefined ? {} : { Test: ['CMD-SHELL', health.command] }),
    ...nanoseconds('Interval', '--health-interval', health.interval),
    ...nanoseconds('Timeout', '--health-timeout', health.timeout),
    ...nanoseconds('StartPeriod', '--health-start-period', health.startPeriod),
    ...nanoseconds('StartInterval', '--health-start-interval', health.startInterval),
    ...(health.retries === undefined ? {} : { Retries: health.retries }),
  }
}

function nanoseconds(
  key: string,
  flag: string,
  text: string | undefined,
): Readonly<Record<string, number>> {
  if (text === undefined) return {}
  const value = parseDuration(text)
  if (value === undefined || value < 0) throw refuse(flag, text, 'it reads 30s or 1m30s')
  return { [key]: value }
}
