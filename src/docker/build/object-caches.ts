import { parseDuration } from '#dockerfile/duration'
import type { BuildRequest } from '#engine/build/build'
import { refuse } from '../flags/refuse.ts'
import { type FlagFields, readBoolean, withGuess } from '../outputs/fields.ts'

type CacheImport = NonNullable<BuildRequest['cacheFrom']>[number]
type S3Cache = Extract<CacheImport, { kind: 's3' }>
type AzureCache = Extract<CacheImport, { kind: 'azblob' }>
type ActionsCache = Extract<CacheImport, { kind: 'gha' }>

/** As the programs of Amazon do. */
const usualAttempts = 3

/** Reads the keys of `type=s3`, which are those of BuildKit. Throws `INVALID`. */
export function readS3(given: FlagFields): S3Cache {
  const { flag, text, fields } = given
  const mode = fields.get('retry_mode') ?? 'standard'
  if (mode !== 'standard' && mode !== 'adaptive') {
    const modes = ['standard', 'adaptive']
    throw refuse(flag, text, withGuess(`there is no retry_mode ${mode}`, mode, modes))
  }
  // Requests never have this header, so there is nothing to remove from the signature.
  readBoolean(given, 'disable_accept_encoding')
  return {
    kind: 's3',
    bucket: fields.get('bucket') || undefined,
    region: fields.get('region') || undefined,
    endpoint: readUrl(given, 'endpoint_url'),
    usesPath: readBoolean(given, 'use_path_style') ?? false,
    prefix: fields.get('prefix') ?? '',
    blobsPrefix: fields.get('blobs_prefix') ?? 'blobs/',
    manifestsPrefix: fields.get('manifests_prefix') ?? 'manifests/',
    names: readNames(given),
    credentials: readCredentials(given),
    touchAfter: readDuration(given, 'touch_refresh') ?? 86_400_000,
    parallel: readCount(given, 'upload_parallelism') ?? 4,
    attempts: readCount(given, 'retry_max_attempts') ?? usualAttempts,
  }
}

/** Reads the keys of `type=azblob`, which are those of BuildKit. Throws `INVALID`. */
export function readAzure(given: FlagFields): AzureCache {
  const { fields } = given
  return {
    kind: 'azblob',
    url: readUrl(given, 'account_url'),
    account: fields.get('account_name') || undefined,
    container: fields.get('container') || undefined,
    prefix: fields.get('prefix'),
    blobsPrefix: fields.get('blobs_prefix') ?? 'blobs',
    manifestsPrefix: fields.get('manifests_prefix') ?? 'manifests',
    names: readNames(given),
    key: fields.get('secret_access_key') || undefined,
  }
}

/** The names of a cache, between semicolons. */
function readNames({ fields }: FlagFields): readonly string[] {
  return (fields.get('name') || 'buildkit').split(';').filter((name) => name !== '')
}

/** Reads the keys of `type=gha`, which are those of BuildKit. Throws `INVALID`. */
export function readActions(given: FlagFields): ActionsCache {
  const { flag, text, fields } = given
  const version = fields.get('version') ?? '2'
  if (version !== '2') {
    throw refuse(flag, text, `there is no version ${version}: GitHub has only version 2`)
  }
  return {
    kind: 'gha',
    scope: fields.get('scope') || 'buildkit',
    url: readUrl(given, 'url_v2') ?? readUrl(given, 'url'),
    token: fields.get('token') || undefined,
    timeout: readDuration(given, 'timeout') ?? 600_000,
  }
}

function readCredentials({ flag, text, fields }: FlagFields): S3Cache['credentials'] {
  const accessKeyId = fields.get('access_key_id') ?? ''
  const secretAccessKey = fields.get('secret_access_key') ?? ''
  if (accessKeyId === '' && secretAccessKey === '') return undefined
  if (accessKeyId === '' || secretAccessKey === '') {
    throw refuse(flag, text, 'access_key_id and secret_access_key belong together')
  }
  return { accessKeyId, secretAccessKey, sessionToken: fields.get('session_token') || undefined }
}

function readUrl({ flag, text, fields }: FlagFields, key: string): string | undefined {
  const value = fields.get(key) ?? ''
  if (value === '') return undefined
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value
  throw refuse(flag, text, `${key} is not a URL of HTTP`)
}

function readCount({ flag, text, fields }: FlagFields, key: string): number | undefined {
  const value = fields.get(key)
  if (value === undefined) return undefined
  if (/^[1-9]\d{0,3}$/.test(value)) return Number(value)
  throw refuse(flag, text, `${key} is a number from 1 to 9999`)
}

function readDuration({ flag, text, fields }: FlagFields, key: string): number | undefined {
  const value = fields.get(key)
  if (value === undefined) return undefined
  const nanoseconds = parseDuration(value)
  if (nanoseconds !== undefined && nanoseconds >= 0) return nanoseconds / 1e6
  throw refuse(flag, text, `${key} is a duration such as 90s or 24h`)
}
