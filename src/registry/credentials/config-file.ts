import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StrakeError } from '#oci'
import type { Credential } from '../registry.ts'

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A `config.json` of Docker or an `auth.json` of Podman. Unknown members are kept. */
export type ConfigFile = Readonly<Record<string, unknown>>

const maxSize = 1024 * 1024

/** Returns the file that `login` writes: Docker's own. */
export function configPath(env: Environment): string {
  return join(env['DOCKER_CONFIG'] || join(env['HOME'] ?? '', '.docker'), 'config.json')
}

/** Returns every file that may hold credentials, in order of preference. */
export function credentialPaths(env: Environment): string[] {
  const paths = [
    env['REGISTRY_AUTH_FILE'],
    configPath(env),
    env['XDG_RUNTIME_DIR'] && join(env['XDG_RUNTIME_DIR'], 'containers', 'auth.json'),
    join(env['XDG_CONFIG_HOME'] || join(env['HOME'] ?? '', '.config'), 'containers', 'auth.json'),
  ]
  return paths.filter((path): path is string => path !== undefined && path !== '')
}

/** Returns `undefined` when the file is absent. */
export async function readConfigFile(path: string): Promise<ConfigFile | undefined> {
  try {
    return parseConfig(await readFile(path, 'utf8'), path)
  } catch (error) {
    const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** Throws `INVALID` without showing the text, which holds secrets. */
export function parseConfig(text: string, name: string): ConfigFile {
  const fail = (reason: string): StrakeError =>
    new StrakeError('INVALID', `Cannot read credentials from ${name}: ${reason}`, {
      remedy: 'repair or remove it, then log in again',
    })
  if (text.length > maxSize) throw fail('it is larger than 1 MiB')
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw fail('it is not valid JSON')
  }
  if (!isObject(value)) throw fail('it is not a JSON object')
  return value
}

/** Replaces the file by a rename. Only its owner can read it. A symbolic link stays a link. */
export async function writeConfigFile(path: string, config: ConfigFile): Promise<void> {
  const real = await realpath(path).catch(() => path)
  await mkdir(dirname(real), { recursive: true, mode: 0o700 })
  const temporary = `${real}.${randomUUID()}`
  try {
    await using file = await open(temporary, 'wx', 0o600)
    await file.writeFile(`${JSON.stringify(config, null, '\t')}\n`)
    await file.sync()
    await rename(temporary, real)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw new StrakeError('UNAVAILABLE', `Cannot write ${path}: ${describe(cause)}`, { cause })
  }
}

/** Returns the credential of an entry of `auths`, or `undefined` for the empty entry of a helper. */
export function parseAuthEntry(entry: unknown): Credential | undefined {
  if (!isObject(entry)) return undefined
  const identityToken = text(entry['identitytoken'])
  const registryToken = text(entry['registrytoken'])
  let username = text(entry['username']) ?? ''
  let secret = text(entry['password']) ?? ''
  const auth = text(entry['auth'])
  if (auth !== undefined) {
    const decoded = Buffer.from(auth, 'base64').toString('utf8')
    const colon = decoded.indexOf(':')
    if (colon > 0) {
      username = decoded.slice(0, colon)
      secret = decoded.slice(colon + 1).replace(/\0+$/, '')
    }
  }
  if (username === '' && identityToken === undefined && registryToken === undefined) {
    return undefined
  }
  return {
    username: identityToken === undefined ? username : '<token>',
    secret,
    ...(identityToken === undefined ? {} : { identityToken }),
    ...(registryToken === undefined ? {} : { registryToken }),
  }
}

/** The reverse of `parseAuthEntry`. */
export function formatAuthEntry(credential: Credential): Record<string, string> {
  const { username, secret, identityToken, registryToken } = credential
  return {
    auth: Buffer.from(`${username}:${secret}`).toString('base64'),
    ...(identityToken === undefined ? {} : { identitytoken: identityToken }),
    ...(registryToken === undefined ? {} : { registrytoken: registryToken }),
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns a member that is an object, or an empty object. */
export function objectAt(config: ConfigFile, name: string): Readonly<Record<string, unknown>> {
  const value = config[name]
  return isObject(value) ? value : {}
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function describe(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'no permission'
  return code === 'ENOSPC' ? 'the disk is full' : String(code ?? 'the write did not succeed')
}
