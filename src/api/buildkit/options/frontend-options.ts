import { parseAttestations } from '#docker/build/attestations'
import { parsePlatforms } from '#docker/build/request'
import { parseRunSettings } from '#docker/build/run'
import { parseCgroupParent } from '#docker/flags/limits'
import { parseBoolean } from '#dockerfile/boolean'
import type { BuildRequest } from '#engine/build/build'
import { type Attributes, listOf, named, refuse, textOf } from './attributes.ts'

/** The options of a build that the attributes of the frontend contain. */
export type FrontendOptions = Pick<
  BuildRequest,
  | 'target'
  | 'buildArgs'
  | 'labels'
  | 'noCache'
  | 'noCacheStages'
  | 'pull'
  | 'platforms'
  | 'network'
  | 'runSettings'
  | 'runLimits'
  | 'attestations'
  | 'checkout'
>

/** Reads the attributes. Throws `INVALID`. */
export function readFrontendOptions(attributes: Attributes): FrontendOptions {
  const buildArgs = readBuildArgs(attributes)
  const platform = textOf(attributes, 'platform')
  return {
    target: textOf(attributes, 'target'),
    buildArgs,
    labels: named(attributes, 'label:'),
    noCache: attributes['no-cache'] === '',
    noCacheStages: (attributes['no-cache'] ?? '').split(',').filter((name) => name !== ''),
    pull: readResolveMode(attributes) === 'pull',
    platforms: platform === undefined ? undefined : parsePlatforms([platform]),
    network: readNetwork(attributes),
    runSettings: parseRunSettings({
      addHosts: listOf(attributes, 'add-hosts').map(withGatewayName),
      ulimits: listOf(attributes, 'ulimit'),
      shmSize: readCount(attributes, 'shm-size'),
    }),
    runLimits: readLimits(attributes),
    checkout: Object.fromEntries(named(attributes, 'vcs:')),
    attestations: parseAttestations({ attest: readAttestations(attributes), buildArgs }),
  }
}

/**
 * Clients replace the name `host-gateway` by an address that the worker tells. The bridge may not
 * exist yet, so the worker tells an address that no network has, and the name comes back here.
 */
export const hostGateway = '192.0.2.1'

function withGatewayName(host: string): string {
  return host.endsWith(`=${hostGateway}`)
    ? `${host.slice(0, -hostGateway.length)}host-gateway`
    : host
}

function readBuildArgs(attributes: Attributes): ReadonlyMap<string, string> {
  const buildArgs = new Map(named(attributes, 'build-arg:'))
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined && !buildArgs.has(name)) buildArgs.set(name, value)
  }
  add('BUILDKIT_SYNTAX', textOf(attributes, 'cmdline') ?? textOf(attributes, 'source'))
  add('BUILDKIT_SANDBOX_HOSTNAME', textOf(attributes, 'hostname'))
  const several = textOf(attributes, 'multi-platform')
  if (several !== undefined) {
    const isForced = parseBoolean(several)
    if (isForced === undefined) throw refuse('multi-platform', 'it is true or false')
    if (isForced) add('BUILDKIT_MULTI_PLATFORM', 'true')
  }
  return buildArgs
}

/** `type=provenance,mode=min`, as the flag `--attest` has it. */
function readAttestations(attributes: Attributes): readonly string[] {
  return [...named(attributes, 'attest:')].map(([type, fields]) => {
    const rest = fields.replace(/^type=\w+(?:,|$)/, '')
    return rest === '' ? `type=${type}` : `type=${type},${rest}`
  })
}

function readResolveMode(attributes: Attributes): string {
  const mode = textOf(attributes, 'image-resolve-mode') ?? 'default'
  if (['default', 'pull', 'local'].includes(mode)) return mode
  throw refuse('image-resolve-mode', 'expected default, pull or local')
}

function readNetwork(attributes: Attributes): BuildRequest['network'] {
  const mode = textOf(attributes, 'force-network-mode') ?? 'sandbox'
  if (mode === 'none' || mode === 'host') return mode
  if (mode === 'sandbox') return undefined
  throw refuse('force-network-mode', 'expected none, host or sandbox')
}

type Resources = NonNullable<NonNullable<BuildRequest['runLimits']>['resources']>

const counts = {
  memory: 'memory',
  memswap: 'memorySwap',
  cpushares: 'cpuShares',
  cpuperiod: 'cpuPeriod',
  cpuquota: 'cpuQuota',
} as const satisfies Readonly<Record<string, keyof Resources>>

const sets = { cpusetcpus: 'cpusetCpus', cpusetmems: 'cpusetMems' } as const

function readLimits(attributes: Attributes): BuildRequest['runLimits'] {
  const parent = textOf(attributes, 'cgroup-parent')
  const found = [
    ...Object.entries(counts).map(([key, name]) => [name, readCount(attributes, key)]),
    ...Object.entries(sets).map(([key, name]) => [name, textOf(attributes, key)]),
  ].filter(([, value]) => value !== undefined)
  return {
    ...(found.length > 0 && { resources: Object.fromEntries(found) }),
    ...(parent !== undefined && { cgroupParent: parseCgroupParent(parent) }),
  }
}

function readCount(attributes: Attributes, key: string): number | undefined {
  const text = textOf(attributes, key)
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text) || (text === '-1' && key === 'memswap')) return Number(text)
  throw refuse(key, `${JSON.stringify(text)} is not a number`)
}
