import { isStrakeError } from '#oci'
import { type Emit, silent } from '#stream'
import type { Credential, CredentialSource } from '../registry.ts'
import {
  type ConfigFile,
  credentialPaths,
  type Environment,
  objectAt,
  parseAuthEntry,
  parseConfig,
  readConfigFile,
} from './config-file.ts'
import { getFromHelper, type HelperOptions } from './helper.ts'
import { credentialKeys, findEntry, serverKey } from './keys.ts'

export interface CredentialSourceOptions extends Partial<HelperOptions> {
  /** Called with a warning for each helper that fails; the next place is tried then. */
  readonly emit?: Emit
}

/**
 * Finds credentials where Docker and Podman keep them: `DOCKER_AUTH_CONFIG`,
 * `REGISTRY_AUTH_FILE`, Docker's `config.json`, Podman's `auth.json`, and their helpers.
 * The first place that has the registry wins. Each registry is looked up once.
 */
export function credentialsFromConfig(
  env: Environment,
  options: CredentialSourceOptions = {},
): CredentialSource {
  const found = new Map<string, Promise<Credential | undefined>>()
  return (host, repository) => {
    const key = `${host} ${repository ?? ''}`
    const known = found.get(key)
    if (known !== undefined) return known
    const looking = find(env, host, repository, { ...options, env })
    found.set(key, looking)
    looking.catch(() => found.delete(key))
    return looking
  }
}

async function find(
  env: Environment,
  host: string,
  repository: string | undefined,
  options: CredentialSourceOptions & HelperOptions,
): Promise<Credential | undefined> {
  const inline = env['DOCKER_AUTH_CONFIG']
  if (inline !== undefined && inline !== '') {
    const config = parseConfig(inline, 'DOCKER_AUTH_CONFIG')
    const credential = await findIn(config, host, repository, options)
    if (credential !== undefined) return credential
  }
  for (const path of credentialPaths(env)) {
    const config = await readConfigFile(path)
    if (config === undefined) continue
    const credential = await findIn(config, host, repository, options)
    if (credential !== undefined) return credential
  }
  return undefined
}

async function findIn(
  config: ConfigFile,
  host: string,
  repository: string | undefined,
  options: CredentialSourceOptions & HelperOptions,
): Promise<Credential | undefined> {
  const keys = credentialKeys(host, repository)
  const helper = helperOf(config, host)
  if (helper?.own === true) return ask(helper.name, host, options)
  const entry = findEntry(objectAt(config, 'auths'), keys)
  const stored = parseAuthEntry(entry?.value)
  if (stored !== undefined) return stored
  return helper === undefined ? undefined : ask(helper.name, host, options)
}

/** Returns the helper for a host: its own, or the common one. */
export function helperOf(
  config: ConfigFile,
  host: string,
): { readonly name: string; readonly own: boolean } | undefined {
  const own = findEntry(objectAt(config, 'credHelpers'), credentialKeys(host))?.value
  if (typeof own === 'string' && own !== '') return { name: own, own: true }
  const all = config['credsStore']
  return typeof all === 'string' && all !== '' ? { name: all, own: false } : undefined
}

async function ask(
  name: string,
  host: string,
  options: CredentialSourceOptions & HelperOptions,
): Promise<Credential | undefined> {
  try {
    return await getFromHelper(name, serverKey(host), options)
  } catch (error) {
    if (!isStrakeError(error)) throw error
    const { emit = silent } = options
    emit({ type: 'warning', message: error.message })
    return undefined
  }
}
