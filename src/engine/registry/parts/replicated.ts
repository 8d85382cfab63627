import { StrakeError } from '#oci'
import type { BucketConfig, DatabaseConfig, StorageConfig } from '#registry/config/config'
import { readNamedLines } from '#registry/config/named-file'
import type { ReplicatedOptions, ReplicatedRegistry } from '#server/replicated-registry'

/**
 * Opens the registry of replicas that a configuration names, or returns `undefined`. Its code is loaded
 * here, because most registries need no client of a database.
 */
export async function openReplicas({
  bucket,
  database,
}: StorageConfig): Promise<ReplicatedRegistry | undefined> {
  if (bucket === undefined || database === undefined) return undefined
  const { openReplicatedRegistry } = await import('#server/replicated-registry')
  return await openReplicatedRegistry(await replicatedOptions(bucket, database, process.env))
}

type Env = Readonly<Record<string, string | undefined>>

/** Returns what a registry of many replicas needs. Secrets are in files or in the environment. */
async function replicatedOptions(
  bucket: BucketConfig,
  database: DatabaseConfig,
  env: Env,
): Promise<ReplicatedOptions> {
  const [accessKeyId, secretAccessKey] =
    bucket.credentialsFile === undefined
      ? [env['AWS_ACCESS_KEY_ID'], env['AWS_SECRET_ACCESS_KEY']]
      : await readNamedLines(bucket.credentialsFile)
  if (!accessKeyId || !secretAccessKey) {
    throw new StrakeError(
      'INVALID',
      `Cannot use the bucket ${bucket.name}: there are no credentials`,
      {
        remedy:
          'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or storage.bucket.credentialsFile',
      },
    )
  }
  return {
    bucket: {
      bucket: bucket.name,
      region: bucket.region,
      endpoint: bucket.endpoint,
      usesPath: bucket.pathStyle === true,
      credentials: { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] },
    },
    database: { url: await databaseUrl(database, env), connections: database.connections },
    redirects: bucket.redirect === true,
  }
}

/** Returns the address of the database of replicas, which has a password. */
export async function databaseUrl(database: DatabaseConfig, env: Env): Promise<string> {
  const [fromFile] = database.urlFile === undefined ? [] : await readNamedLines(database.urlFile)
  const url = fromFile ?? database.url ?? env['STRAKE_REGISTRY_DATABASE']
  if (url) return url
  throw new StrakeError('INVALID', 'Cannot use the database: it has no address', {
    remedy: 'set storage.database.url or urlFile, or STRAKE_REGISTRY_DATABASE',
  })
}
