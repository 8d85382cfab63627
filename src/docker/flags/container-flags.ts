import { type ContainerOptions, parseSignal } from '#container'
import { isCdiName, parseGpus } from './gpu-flags.ts'
import { type HealthFlags, parseHealth } from './health-flags.ts'
import { parseLabels } from './label-flags.ts'
import { parseRestart, parseUlimit } from './limits.ts'
import { parseLogOptions } from './log-flags.ts'
import { parseMount, parseTmpfs, parseVolume, parseVolumesFrom } from './mount-flags.ts'
import { type NetworkRequestFlags, parseNetworks } from './network-flags.ts'
import { parsePublish } from './publish-flag.ts'
import { refuse } from './refuse.ts'
import { parseSecurityOptions } from './security-options.ts'

/** The flags of `run` and `create` as texts, before they are parsed. */
export interface ContainerRequest {
  readonly volumes?: readonly string[] | undefined
  readonly mounts?: readonly string[] | undefined
  readonly tmpfs?: readonly string[] | undefined
  readonly volumesFrom?: readonly string[] | undefined
  readonly publish?: readonly string[] | undefined
  readonly expose?: readonly string[] | undefined
  readonly restart?: string | undefined
  readonly ulimits?: readonly string[] | undefined
  readonly devices?: readonly string[] | undefined
  readonly gpus?: readonly string[] | undefined
  readonly securityOptions?: readonly string[] | undefined
  readonly addHosts?: readonly string[] | undefined
  readonly labels?: readonly string[] | undefined
  readonly sysctls?: readonly string[] | undefined
  readonly networks?: NetworkRequestFlags | undefined
  readonly logOptions?: readonly string[] | undefined
  readonly logDriver?: string | undefined
  readonly stopSignal?: string | undefined
  readonly health?: HealthFlags | undefined
}

type Parsed = Pick<
  ContainerOptions,
  | 'mounts'
  | 'volumesFrom'
  | 'ports'
  | 'expose'
  | 'restart'
  | 'rlimits'
  | 'extraHosts'
  | 'labels'
  | 'sysctls'
  | 'network'
  | 'networkOf'
  | 'cdiDevices'
  | 'networks'
  | 'ip'
  | 'log'
  | 'health'
  | 'stopSignal'
> & {
  readonly security: ReturnType<typeof parseSecurityOptions> &
    Pick<NonNullable<ContainerOptions['security']>, 'devices'>
}

/** Parses every flag. Throws `INVALID`, which names the first invalid flag. */
export function parseContainerRequest(request: ContainerRequest): Parsed {
  const { restart, networks, stopSignal, health } = request
  return {
    mounts: [
      // Docker's client drops a copy of the same text from these two, and only from these.
      ...[...new Set(request.volumes)].map(parseVolume),
      ...(request.mounts ?? []).map(parseMount),
      ...[...new Set(request.tmpfs)].map(parseTmpfs),
    ],
    volumesFrom: request.volumesFrom?.map(parseVolumesFrom),
    ports: (request.publish ?? []).flatMap(parsePublish),
    expose: (request.expose ?? []).flatMap(parseExpose),
    rlimits: (request.ulimits ?? []).map(parseUlimit),
    extraHosts: (request.addHosts ?? []).map(parseAddHost),
    labels: parseLabels(request.labels ?? []),
    sysctls: Object.fromEntries((request.sysctls ?? []).map(parseSysctl)),
    security: {
      ...parseSecurityOptions(request.securityOptions ?? []),
      devices: (request.devices ?? []).filter((text) => !isCdiName(text)).map(parseDevice),
    },
    cdiDevices: cdiDevices(request),
    log: parseLogOptions(request.logDriver, request.logOptions ?? []),
    restart: restart === undefined ? undefined : parseRestart(restart),
    ...parseNetworks(networks ?? {}),
    stopSignal: stopSignal === undefined ? undefined : parseStopSignal(stopSignal),
    health: health === undefined ? undefined : parseHealth(health),
  }
}

/** Checks the signal and returns the text unchanged, because `inspect` shows it. */
function parseStopSignal(text: string): string {
  parseSignal(text)
  return text
}

function parseAddHost(text: string): NonNullable<ContainerOptions['extraHosts']>[number] {
  const at = text.search(/[:=]/)
  const name = text.slice(0, at)
  const ip = text.slice(at + 1).replace(/^\[(.*)\]$/, '$1')
  if (at <= 0 || ip === '') throw refuse('--add-host', text, 'expected NAME:ADDRESS')
  return { name, ip }
}

/** Reads `name=value`. */
function parseSysctl(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw refuse('--sysctl', text, 'expected NAME=VALUE')
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Reads `--expose`: `80`, `53/udp` or `8000-8010`. */
function parseExpose(text: string): readonly string[] {
  const [, first = '', last = first, protocol = 'tcp'] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (first === '' || from < 1 || to > 65535 || from > to) {
    throw refuse('--expose', text, 'expected PORT[-PORT][/PROTOCOL], with ports of 1 to 65535')
  }
  const suffix = protocol.toLowerCase()
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${suffix}`)
}

function cdiDevices({ devices = [], gpus = [] }: ContainerRequest): ContainerOptions['cdiDevices'] {
  const names = [...devices.filter(isCdiName), ...gpus.flatMap(parseGpus)]
  return names.length === 0 ? undefined : names
}

function parseDevice(text: string): { source: string; destination: string; access: string } {
  const [source = '', second, third, ...more] = text.split(':')
  const isAccess = (word: string): boolean => /^(?!.*(.).*\1)[rwm]{1,3}$/.test(word)
  const access = third ?? (second !== undefined && isAccess(second) ? second : 'rwm')
  const destination = second === undefined || second === access ? source : second
  const arePaths = source.startsWith('/') && destination.startsWith('/')
  if (!arePaths || !isAccess(access) || more.length > 0) {
    throw refuse('--device', text, 'expected /dev/NODE[:/dev/NODE][:rwm]')
  }
  return { source, destination, access }
}
