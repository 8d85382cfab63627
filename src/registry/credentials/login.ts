import { isStrakeError, StrakeError } from '#oci'
import { type ConnectOptions, checkLogin } from '../client/connect.ts'
import type { Credential } from '../registry.ts'
import {
  configPath,
  credentialPaths,
  type Environment,
  formatAuthEntry,
  objectAt,
  readConfigFile,
  writeConfigFile,
} from './config-file.ts'
import { eraseFromHelper, type HelperOptions, storeInHelper } from './helper.ts'
import { credentialKeys, findEntry, serverKey } from './keys.ts'
import { helperOf } from './source.ts'

export interface LoginOptions extends Omit<ConnectOptions, 'credentials'>, Partial<HelperOptions> {
  readonly env: Environment
}

/**
 * Tries the credential at the registry, then stores it: in the configured credential
 * helper, or else in `config.json`. Writes nothing when the registry refuses it. Returns
 * the place where it is stored.
 */
export async function login(
  host: string,
  credential: Credential,
  options: LoginOptions,
): Promise<{ readonly storedIn: string }> {
  const refreshToken = await verify(host, credential, options)
  const kept =
    refreshToken === undefined
      ? credential
      : { username: credential.username, secret: '', identityToken: refreshToken }
  const { env } = options
  const path = configPath(env)
  const config = (await readConfigFile(path)) ?? {}
  const helper = helperOf(config, host)
  const key = serverKey(host)
  if (helper !== undefined) {
    await storeInHelper(helper.name, key, kept, { ...options, env })
    await writeConfigFile(path, { ...config, auths: { ...objectAt(config, 'auths'), [key]: {} } })
    return { storedIn: `the credential helper ${helper.name}` }
  }
  const auths = { ...objectAt(config, 'auths'), [key]: formatAuthEntry(kept) }
  await writeConfigFile(path, { ...config, auths })
  return { storedIn: path }
}

/** Removes the credential from every place. Returns false when there was none. */
export async function logout(
  host: string,
  options: { readonly env: Environment } & Partial<HelperOptions>,
): Promise<boolean> {
  let found = false
  for (const path of new Set([configPath(options.env), ...credentialPaths(options.env)])) {
    const config = await readConfigFile(path)
    if (config === undefined) continue
    const helper = helperOf(config, host)
    if (helper !== undefined) {
      found = (await eraseFromHelper(helper.name, serverKey(host), options)) || found
    }
    const auths = { ...objectAt(config, 'auths') }
    const entry = findEntry(auths, credentialKeys(host))
    if (entry === undefined) continue
    delete auths[entry.key]
    await writeConfigFile(path, { ...config, auths })
    found = true
  }
  return found
}

/** Returns the refresh token that replaces the password, if there is one. */
async function verify(
  host: string,
  credential: Credential,
  options: LoginOptions,
): Promise<string | undefined> {
  try {
    return await checkLogin(host, { ...options, credentials: async () => credential })
  } catch (error) {
    if (!isStrakeError(error, 'UNAUTHORIZED', 'DENIED')) throw error
    throw new StrakeError(
      'UNAUTHORIZED',
      `Cannot log in to ${host}: the user name or the password is wrong`,
      { cause: error, remedy: 'use an access token where the registry asks for one' },
    )
  }
}
