import { splitCsv } from '#dockerfile/csv'
import { withSuggestion } from '#dockerfile/suggest'
import type { BuildRequest } from '#engine/build/build'
import { parsePlatform } from '#oci'
import { ipVersion } from '#platform'
import { parseUlimit } from '../flags/limits.ts'
import { refuse } from '../flags/refuse.ts'

type RunSettings = NonNullable<BuildRequest['runSettings']>
type Resources = NonNullable<NonNullable<BuildRequest['runLimits']>['resources']>
type Annotation = NonNullable<BuildRequest['annotations']>[number]

/** The flags of a build about the containers of RUN, as texts. */
export interface BuildRunFlags {
  readonly addHosts?: readonly string[] | undefined
  readonly ulimits?: readonly string[] | undefined
  readonly shmSize?: number | undefined
}

/** Returns `undefined` without any flag. Throws `INVALID`. */
export function parseRunSettings({
  addHosts = [],
  ulimits = [],
  shmSize,
}: BuildRunFlags): RunSettings | undefined {
  const hosts = addHosts.map(parseBuildHost)
  const rlimits = ulimits.map(parseUlimit)
  const found = {
    ...(hosts.length > 0 && { hosts }),
    ...(rlimits.length > 0 && { rlimits }),
    ...(shmSize !== undefined && shmSize > 0 && { shmSize }),
  }
  return Object.keys(found).length === 0 ? undefined : found
}

/** Reads `NAME:ADDRESS` or `NAME=ADDRESS`. */
function parseBuildHost(text: string): NonNullable<RunSettings['hosts']>[number] {
  const at = text.search(/[:=]/)
  const name = text.slice(0, Math.max(at, 0))
  const ip = text.slice(at + 1).replace(/^\[(.*)\]$/, '$1')
  if (name === '' || ip === '' || /[\s\p{Cc}]/u.test(name)) {
    throw refuse('--add-host', text, 'expected NAME:ADDRESS')
  }
  if (ip !== 'host-gateway' && ipVersion(ip) === 0) {
    throw refuse('--add-host', text, `${ip} is not an IP address`)
  }
  return { name, ip }
}

type Grants = NonNullable<BuildRequest['allow']>

const grants = ['network.host', 'security.insecure', 'device'] as const

/** The permission to empty a directory with `mode=delete`, which every user of this program has. */
const localDelete = 'buildx.local.delete'

/** Reads `--allow`: `device=NAME` is one device or one class. Throws `INVALID` for an unknown permission. */
export function parseGrants(text: string): Grants {
  if (text === localDelete) return []
  const [, device] = /^device=(?:name=)?([^,\s]+)$/.exec(text) ?? []
  if (device !== undefined) return [`device=${device}`]
  const found = grants.find((grant) => grant === text)
  if (found !== undefined) return [found]
  const message = `expected ${[...grants, 'device=NAME', localDelete].join(', ')}`
  throw refuse('--allow', text, withSuggestion(message, text, grants))
}

const resourceKeys: Readonly<Record<string, keyof Resources>> = {
  memory: 'memory',
  'memory-swap': 'memorySwap',
  'cpu-shares': 'cpuShares',
  'cpu-period': 'cpuPeriod',
  'cpu-quota': 'cpuQuota',
  'cpuset-cpus': 'cpusetCpus',
  'cpuset-mems': 'cpusetMems',
}

/** Reads `--resource KEY=VALUE,…`. Later values win. `readBytes` reads a size. Throws `INVALID`. */
export function parseResources(
  texts: readonly string[],
  readBytes: (text: string) => number,
): Resources {
  const found: Record<string, string | number> = {}
  for (const text of texts) {
    for (const field of splitCsv(text) ?? []) {
      const [, key = '', value = ''] = /^([^=]*)=(.*)$/s.exec(field) ?? []
      const name = Object.hasOwn(resourceKeys, key) ? resourceKeys[key] : undefined
      if (name === undefined || value === '') {
        const known = Object.keys(resourceKeys)
        const message = `expected KEY=VALUE, with a key of ${known.join(', ')}`
        throw refuse('--resource', text, withSuggestion(message, key || field, known))
      }
      found[name] = readResource(text, name, { value, readBytes })
    }
  }
  return found
}

function readResource(
  text: string,
  name: keyof Resources,
  { value, readBytes }: { readonly value: string; readonly readBytes: (text: string) => number },
): string | number {
  if (name === 'cpusetCpus' || name === 'cpusetMems') return value
  if (name === 'memorySwap' && value === '-1') return -1
  if (name === 'memory' || name === 'memorySwap') {
    try {
      return readBytes(value)
    } catch {
      throw refuse('--resource', text, `${value} is not a size such as 512m or 2g`)
    }
  }
  if (!/^-?\d{1,15}$/.test(value)) throw refuse('--resource', text, `${value} is not a number`)
  return Number(value)
}

const places = ['manifest', 'manifest-descriptor', 'index', 'index-descriptor'] as const

/** Reads `--annotation [PLACE[,PLACE]][[PLATFORM]]:KEY=VALUE`, as buildx takes it. Throws `INVALID`. */
export function parseAnnotation(text: string): Annotation {
  const [, head, pair = text] = /^((?:[a-z-]+)(?:,[a-z-]+)*(?:\[[^\]]*\])?):(.*)$/s.exec(text) ?? []
  const equals = pair.indexOf('=')
  // A key may contain a colon, so a head that is not a list of places belongs to the key.
  const [, words = '', platform] = /^([a-z,-]+)(?:\[([^\]]*)\])?$/.exec(head ?? '') ?? []
  const named = words === '' ? [] : words.split(',')
  const found = named.map((word) => places.find((place) => place === word))
  const isHead = head !== undefined && found.every((place) => place !== undefined)
  if (head !== undefined && !isHead && /^(?:manifest|index)/.test(head)) {
    const wrong = named.find((word) => !places.some((place) => place === word)) ?? head
    throw refuse('--annotation', text, withSuggestion(`there is no place ${wrong}`, wrong, places))
  }
  const whole = isHead ? pair : text
  const at = isHead ? equals : text.indexOf('=')
  if (at < 1) throw refuse('--annotation', text, 'expected KEY=VALUE')
  return {
    places: isHead ? found.flatMap((place) => place ?? []) : ['manifest'],
    ...(isHead && platform !== undefined && { platform: parsePlatform(platform) }),
    key: whole.slice(0, at),
    value: whole.slice(at + 1),
  }
}
