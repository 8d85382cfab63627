import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { isStrakeError, StrakeError } from '#oci'
import { isSystemError } from '#platform'
import { type AuthFiles, authFiles } from '#registry/access/open-auth'
import type { RegistryConfig } from '#registry/config/config'
import { readBoundedFile } from '#registry/config/named-file'
import { parseConfig } from '#registry/config/parse-config'

export { formatProblem } from '#registry/config/check'
export { configSchema } from '#registry/config/json-schema'
export { ConfigError } from '#registry/config/parse-config'
export { parseDuration } from '#registry/config/units'

/** How a user names a registry of this machine. */
export interface PlaceOptions {
  /** The configuration file. */
  readonly config?: string | undefined
  /** Replaces the directory of the configuration. */
  readonly storage?: string | undefined
  /** Returns the root of the store, which has the users of a registry without its own storage. */
  readonly root: () => Promise<string>
}

/** A registry of this machine: its configuration and the files of its users. */
export interface RegistryPlace {
  readonly config: RegistryConfig
  readonly files: AuthFiles
}

/** Returns the directory that has the users of a registry unless the configuration names another. */
async function besideOf({ storage }: RegistryConfig, options: PlaceOptions): Promise<string> {
  if (storage?.directory !== undefined) return storage.directory
  // A replica has no directory of its own.
  if (storage?.bucket !== undefined) return dirname(resolve(options.config ?? '.'))
  return await options.root()
}

/** Reads the configuration, if one is named, and finds the files. Throws `ConfigError`. */
export async function findPlace(options: PlaceOptions): Promise<RegistryPlace> {
  const { config: path, storage } = options
  const read = path === undefined ? {} : await readConfig(path)
  const config =
    storage === undefined
      ? read
      : { ...read, storage: { ...read.storage, directory: resolve(storage) } }
  return {
    config,
    files: authFiles(config, join(await besideOf(config, options), 'registry-auth')),
  }
}

/**
 * Throws `NOT_FOUND` unless a server has made a registry in the directory. A mistyped name, or a disk
 * that is not mounted, must not look like a registry that has lost nothing and holds nothing.
 */
export async function requireRegistry(directory: string): Promise<void> {
  try {
    await stat(join(directory, 'repositories'))
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR')) throw cause
    throw new StrakeError('NOT_FOUND', `Cannot find a registry in ${directory}`, {
      cause,
      remedy: 'name the directory that strake registry serve has as --storage, and mount its disk',
    })
  }
}

/**
 * Reads a configuration file or pipe. Throws `ConfigError`, `NOT_FOUND` for an absent file, and `INVALID`
 * for one that is too large.
 */
export async function readConfig(path: string): Promise<RegistryConfig> {
  const text = await readBoundedFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (isStrakeError(cause)) throw cause
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : String(cause.code)
    throw new StrakeError('NOT_FOUND', `Cannot read ${path}: ${reason}`, { cause })
  })
  return await parseConfig(text, path)
}
