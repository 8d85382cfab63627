import { StrakeError } from '#oci'
import type { BucketConfig, DatabaseConfig } from '#registry/config/config'
import { readNamedLines } from '#registry/config/named-file'
import type { ReplicatedOptions } from '#server/replicated-registry'

type Env = Readonly<Record<string, string | undefined>>

/** Returns what a registry of many replicas needs. Secrets are in files or in the environment. */
export async function replicatedOptions(
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
