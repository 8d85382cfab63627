import { attestationText } from './bake-entries.ts'
import { type BakeFile, emptyFile } from './bake-file.ts'
import {
  type BakeTarget,
  type BakeValue,
  mergeTargets,
  readTargetValue,
  refuse,
  targetName,
} from './bake-target.ts'
import type { Environment } from './bake-variables.ts'
import { replaceInCompose } from './compose-variables.ts'
import { HclError } from './hcl/hcl-error.ts'
import { fromPlain } from './hcl/value.ts'

type Fields = Readonly<Record<string, unknown>>

/** Keys of `build` that a target has under another name or in another form. */
const renamed: Readonly<Record<string, string>> = {
  additional_contexts: 'contexts',
  cache_from: 'cache-from',
  cache_to: 'cache-to',
  dockerfile_inline: 'dockerfile-inline',
  entitlements: 'entitlements',
  extra_hosts: 'extra-hosts',
  no_cache: 'no-cache',
  shm_size: 'shm-size',
}

/** Keys of `build` that mean nothing here. */
const ignored = ['isolation', 'privileged', 'x-bake']

/** Reads the services with `build` of a Compose file. All of them are the group `default`. */
export function readComposeFile(document: unknown, file: string, env: Environment): BakeFile {
  const whole = asFields(replaceAll(document, file, env), file, 'the file')
  if (whole['include'] !== undefined) throw refuse(file, 'it has include, which bake does not read')
  const services = Object.entries(asFields(whole['services'] ?? {}, file, 'services'))
  const secrets = asFields(whole['secrets'] ?? {}, file, 'secrets')
  const targets = services.flatMap(([name, value]) => {
    const service = asFields(value, file, name)
    if (service['build'] === undefined || service['build'] === null) return []
    if (service['extends'] !== undefined) {
      throw refuse(file, `the service ${name} has extends, which bake does not read`)
    }
    return [[targetName(name), targetOf(service, { name, file, secrets })] as const]
  })
  const names = targets.map(([name]) => name)
  return {
    ...emptyFile,
    targets: Object.fromEntries(targets),
    groups: { default: { targets: names } },
  }
}

interface Place {
  readonly name: string
  readonly file: string
  readonly secrets: Fields
}

function targetOf(service: Fields, { name, file, secrets }: Place): BakeTarget {
  const given = service['build']
  const build = typeof given === 'string' ? { context: given } : asFields(given, file, name)
  const fields: Record<string, unknown> = {}
  const attest: string[] = []
  for (const [key, value] of Object.entries(build)) {
    if (ignored.includes(key)) continue
    if (key === 'secrets') fields['secret'] = secretsOf(value, { name, file, secrets })
    else if (key === 'sbom' || key === 'provenance')
      attest.push(attestationText(key, String(value)))
    else if (key === 'ulimits') fields['ulimits'] = ulimitsOf(asFields(value, file, key))
    else if (isPairs(key)) fields[renamed[key] ?? key] = pairsOf(value, key === 'extra_hosts')
    else fields[renamed[key] ?? key] = value
  }
  if (attest.length > 0) fields['attest'] = attest
  const image = service['image']
  const tags = Array.isArray(build['tags']) ? build['tags'] : []
  if (typeof image === 'string' && tags.length === 0) fields['tags'] = [image]
  const target = readTarget(fields, name, file)
  const own = build['x-bake']
  return own === undefined
    ? target
    : mergeTargets(target, readTarget(asFields(own, file, 'x-bake'), name, file))
}

function readTarget(fields: Fields, name: string, file: string): BakeTarget {
  const entries = Object.entries(fields).flatMap(([key, value]): [string, BakeValue][] => {
    try {
      const read = readTargetValue(key, fromPlain(value))
      return read === undefined ? [] : [[key, read]]
    } catch (error) {
      if (!(error instanceof HclError)) throw error
      throw refuse(file, `${key} of ${name}: ${error.message}`)
    }
  })
  return Object.fromEntries(entries)
}

function asFields(value: unknown, file: string, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw refuse(file, `${what} is no object`)
}

const isPairs = (key: string): boolean =>
  ['args', 'labels', 'additional_contexts', 'extra_hosts'].includes(key)

/** A list of `NAME=VALUE` is the same as an object. */
function pairsOf(value: unknown, isHosts: boolean): unknown {
  if (!Array.isArray(value)) return value
  const between = isHosts ? /[:=]/ : /=/
  const pairs = value.map((one) => {
    const text = String(one)
    const at = text.search(between)
    return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
  })
  return Object.fromEntries(pairs)
}

function secretsOf(value: unknown, { name, file, secrets }: Place): readonly string[] {
  if (!Array.isArray(value)) throw refuse(file, `secrets of ${name} is no list`)
  return value.map((one) => {
    const wish = typeof one === 'string' ? { source: one } : asFields(one, file, 'secrets')
    const source = String(wish['source'] ?? '')
    const secret = asFields(secrets[source] ?? {}, file, `the secret ${source}`)
    const id = String(wish['target'] ?? source)
    if (typeof secret['environment'] === 'string') return `id=${id},env=${secret['environment']}`
    if (typeof secret['file'] === 'string') return `id=${id},src=${secret['file']}`
    throw refuse(file, `the secret ${source} has neither file nor environment`)
  })
}

function ulimitsOf(limits: Fields): readonly string[] {
  return Object.entries(limits).map(([name, value]) => {
    if (typeof value !== 'object' || value === null) return `${name}=${String(value)}`
    const { soft, hard } = value as Fields
    return `${name}=${String(soft)}:${String(hard)}`
  })
}

function replaceAll(value: unknown, file: string, env: Environment): unknown {
  if (typeof value === 'string') return replaceInCompose(value, file, env)
  if (Array.isArray(value)) return value.map((one) => replaceAll(one, file, env))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, one]) => [key, replaceAll(one, file, env)])
  return Object.fromEntries(entries)
}
