import { resolve } from 'node:path'
import { splitCsv } from '#dockerfile/csv'
import type { BuildRequest } from '#engine/build/build'
import { isDigest, isStrakeError, parseReference } from '#oci'
import { refuse } from '../flags/refuse.ts'
import { type FlagFields, readBoolean, readFields, withGuess } from '../outputs/fields.ts'
import { readCompression } from '../outputs/image-form.ts'
import { readActions, readAzure, readS3 } from './object-caches.ts'

type CacheImport = NonNullable<BuildRequest['cacheFrom']>[number]
type CacheExport = NonNullable<BuildRequest['cacheTo']>[number]

const s3Keys: readonly string[] = [
  'bucket',
  'region',
  'prefix',
  'blobs_prefix',
  'manifests_prefix',
  'name',
  'endpoint_url',
  'use_path_style',
  'disable_accept_encoding',
  'access_key_id',
  'secret_access_key',
  'session_token',
  'touch_refresh',
  'upload_parallelism',
  'retry_mode',
  'retry_max_attempts',
]

const azureKeys: readonly string[] = [
  'account_url',
  'account_name',
  'container',
  'prefix',
  'blobs_prefix',
  'manifests_prefix',
  'name',
  'secret_access_key',
]

const ghaKeys: readonly string[] = [
  'scope',
  'url',
  'url_v2',
  'token',
  'timeout',
  'version',
  'repository',
  'ghtoken',
]

/** The keys of a cache that is read. */
const importKeys: Readonly<Record<string, readonly string[]>> = {
  local: ['src', 'tag', 'digest', 'mounts-max-size'],
  registry: ['ref', 'registry.insecure', 'mounts-max-size'],
  s3: [...s3Keys, 'mounts-max-size'],
  azblob: [...azureKeys, 'mounts-max-size'],
  gha: [...ghaKeys, 'mounts-max-size'],
}

const formKeys = ['compression', 'compression-level', 'force-compression']
const documentKeys = [...formKeys, 'oci-mediatypes', 'image-manifest']
const exportKeys = ['mode', 'ignore-error', 'mounts', 'mounts-max-size', 'buildkit']

/** The keys of a cache that is written. */
const keysOfExports: Readonly<Record<string, readonly string[]>> = {
  inline: [],
  local: ['dest', 'tag', 'reset', ...exportKeys, ...documentKeys],
  registry: ['ref', 'registry.insecure', ...exportKeys, ...documentKeys],
  s3: [...s3Keys, ...exportKeys, ...formKeys],
  azblob: [...azureKeys, ...exportKeys, ...formKeys],
  gha: [...ghaKeys, ...exportKeys],
}

/**
 * Reads `--cache-from`: names of images between commas, or `type=...` with keys of this type.
 * Throws `INVALID`.
 */
export function parseCacheFrom(text: string): readonly CacheImport[] {
  const flag = '--cache-from'
  const names = bareNames(text)
  if (names !== undefined) return names.map((name) => registryCache({ flag, text, name }))
  const given = readFields(flag, text)
  const type = checkKeys(given, importKeys)
  const mostBytes = readMountSize(given)
  const limits = mostBytes === undefined ? {} : { mounts: { mostBytes } }
  if (type === 'registry') return [{ ...readRegistry(given), ...limits }]
  if (type === 's3') return [{ ...readS3(given), ...limits }]
  if (type === 'azblob') return [{ ...readAzure(given), ...limits }]
  if (type === 'gha') return [{ ...readActions(given), ...limits }]
  const digest = given.fields.get('digest')
  if (digest !== undefined && !isDigest(digest)) {
    throw refuse(flag, text, `${digest} is not a digest`)
  }
  const tag = given.fields.get('tag') || 'latest'
  return [{ kind: 'local', directory: directoryOf(given, 'src'), tag, digest, ...limits }]
}

/**
 * Reads `--cache-to`: names of images between commas, or `type=...` with keys of this type. Throws
 * `INVALID`.
 */
export function parseCacheTo(text: string): readonly CacheExport[] {
  const flag = '--cache-to'
  const names = bareNames(text)
  if (names !== undefined) {
    const options = readExportOptions({ flag, text, fields: new Map() })
    return names.map((name) => ({ ...registryCache({ flag, text, name }), ...options }))
  }
  const given = readFields(flag, text)
  const type = checkKeys(given, keysOfExports)
  const options = readExportOptions(given)
  switch (type) {
    case 'inline':
      return [{ kind: 'inline', ...options }]
    case 'registry':
      return [{ ...readRegistry(given), ...options }]
    case 's3':
      return [{ ...readS3(given), ...options }]
    case 'azblob':
      return [{ ...readAzure(given), ...options }]
    case 'gha':
      return [{ ...readActions(given), ...options }]
    default: {
      const resets = readBoolean(given, 'reset') ?? false
      const tag = given.fields.get('tag') || 'latest'
      return [{ kind: 'local', directory: directoryOf(given, 'dest'), tag, resets, ...options }]
    }
  }
}

/** The words of a value without keys; `undefined` for one with keys. */
function bareNames(text: string): readonly string[] | undefined {
  const words = splitCsv(text)
  return words?.every((word) => !word.includes('=')) === true ? words : undefined
}

/** Returns the type. Refuses unknown types and keys. */
function checkKeys(
  { flag, text, fields }: FlagFields,
  keysOf: Readonly<Record<string, readonly string[]>>,
): string {
  const type = fields.get('type') ?? ''
  const keys = Object.hasOwn(keysOf, type) ? keysOf[type] : undefined
  if (keys === undefined) {
    throw refuse(flag, text, withGuess(`there is no type ${type}`, type, Object.keys(keysOf)))
  }
  for (const key of fields.keys()) {
    if (key !== 'type' && !keys.includes(key)) {
      throw refuse(flag, text, withGuess(`type=${type} has no key ${key}`, key, keys))
    }
  }
  return type
}

function readExportOptions(
  given: FlagFields,
): Pick<CacheExport, 'mode' | 'form' | 'ignoresErrors' | 'forBuildkit' | 'mounts'> {
  const { flag, text, fields } = given
  const mode = fields.get('mode') ?? 'min'
  if (mode !== 'min' && mode !== 'max') {
    throw refuse(flag, text, withGuess(`there is no mode ${mode}`, mode, ['min', 'max']))
  }
  const { compression, ...levels } = readCompression(given)
  if (compression === 'estargz') {
    throw refuse(flag, text, 'a layer in eStargz is another layer than the one that steps use')
  }
  const form = { ...levels, compression, document: readDocument(given) }
  const ignoresErrors = readBoolean(given, 'ignore-error') ?? false
  const isForBuildkit = readBoolean(given, 'buildkit')
  const forBuildkit = isForBuildkit === undefined ? 'small' : isForBuildkit ? 'all' : 'none'
  return { mode, form, ignoresErrors, forBuildkit, mounts: readMounts(given) }
}

/** Two gigabytes: a registry keeps more than one version of a cache. */
const usualMountBytes = 2_000_000_000

function readMounts(given: FlagFields): CacheExport['mounts'] {
  const { flag, text } = given
  const isWritten = readBoolean(given, 'mounts') ?? false
  const size = readMountSize(given)
  if (isWritten) return { mostBytes: size ?? usualMountBytes }
  if (size === undefined) return undefined
  throw refuse(flag, text, 'mounts-max-size needs mounts=true')
}

function readMountSize({ flag, text, fields }: FlagFields): number | undefined {
  const size = fields.get('mounts-max-size')
  if (size === undefined) return undefined
  const bytes = parseSize(size)
  if (bytes !== undefined) return bytes
  throw refuse(flag, text, 'mounts-max-size is a size such as 512MB or 2GB')
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }

function parseSize(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d+)?)\s*([kmgt]?)b?$/i.exec(text) ?? []
  const bytes = Math.floor(Number(number) * (units[unit.toLowerCase()] ?? Number.NaN))
  return number !== '' && Number.isSafeInteger(bytes) ? bytes : undefined
}

function readDocument(given: FlagFields): CacheExport['form']['document'] {
  const isOci = readBoolean(given, 'oci-mediatypes') ?? true
  const isManifest = readBoolean(given, 'image-manifest') ?? isOci
  if (isManifest && !isOci) {
    const reason = 'image-manifest=true needs oci-mediatypes=true'
    throw refuse(given.flag, given.text, reason)
  }
  if (isManifest) return 'manifest'
  return isOci ? 'index' : 'docker'
}

function directoryOf({ flag, text, fields }: FlagFields, key: string): string {
  const directory = fields.get(key) ?? ''
  if (directory === '') throw refuse(flag, text, `type=local needs a directory, with ${key}=`)
  return resolve(directory)
}

type RegistryCache = Extract<CacheImport, { kind: 'registry' }>

function readRegistry(given: FlagFields): RegistryCache {
  const { flag, text, fields } = given
  const insecure = readBoolean(given, 'registry.insecure') ?? false
  return { ...registryCache({ flag, text, name: fields.get('ref') ?? '' }), insecure }
}

function registryCache({
  flag,
  text,
  name,
}: {
  readonly flag: string
  readonly text: string
  readonly name: string
}): RegistryCache {
  if (name === '') throw refuse(flag, text, 'type=registry needs a name, with ref=')
  try {
    parseReference(name)
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    throw refuse(flag, text, cause.message.replace(/^C/, 'c'))
  }
  return { kind: 'registry', reference: name, insecure: false }
}
