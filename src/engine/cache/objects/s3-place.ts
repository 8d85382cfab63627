import { describedBlobs, formatCacheConfig, parseCacheConfig } from '#build'
import { openBucket } from '#objects'
import { StrakeError } from '#oci'
import { fromBuffer } from '#stream'
import type { Engine } from '../../engine.ts'
import type { S3Cache } from '../cache-options.ts'
import type { CachePlace } from '../place.ts'
import { findAwsCredentials } from './aws-credentials.ts'
import { objectContent, readDescription } from './object-content.ts'

/** Milliseconds for the head of an answer, with up to 8 MiB of upload before it. */
const timeout = 300_000

/** S3 copies no larger object at once. */
const mostTouched = 5 * 1024 ** 3

/** A cache in a bucket, under the names and keys of BuildKit. */
export function s3Place(engine: Pick<Engine, 'env'>, cache: S3Cache): CachePlace {
  const { env } = engine
  const bucketName = cache.bucket ?? env['AWS_BUCKET']
  const region = cache.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']
  if (!bucketName) throw missing('bucket', 'AWS_BUCKET')
  if (!region) throw missing('region', 'AWS_REGION')
  const bucket = openBucket({
    bucket: bucketName,
    region,
    endpoint: cache.endpoint,
    usesPath: cache.usesPath,
    credentials: findAwsCredentials(env, cache.credentials),
    parallel: cache.parallel,
    attempts: cache.attempts,
    timeout,
  })
  const { prefix } = cache
  const blobKey = (digest: string): string => `${prefix}${cache.blobsPrefix}${digest}`
  const nameKey = (name: string): string => `${prefix}${cache.manifestsPrefix}${name}`
  const [first = ''] = cache.names
  return {
    name: `s3://${bucketName}/${nameKey(first)}`,
    hasDetails: true,
    content: objectContent({
      async has({ digest, size }) {
        const key = blobKey(digest)
        const status = await bucket.status(key)
        if (status === undefined) return false
        // Rules of a bucket often remove objects by their age.
        const age = Date.now() - status.modified
        if (age > cache.touchAfter && size < mostTouched) await bucket.touch(key)
        return true
      },
      read: ({ digest }, start) => bucket.read(blobKey(digest), start),
      write: ({ digest, size }, bytes) => bucket.write(blobKey(digest), bytes, size),
    }),
    async read() {
      const raw = await readDescription(bucket.read(nameKey(first)))
      if (raw === undefined) return []
      const config = parseCacheConfig(raw)
      return [{ config, blobs: describedBlobs(config) }]
    },
    async write({ config }) {
      const raw = formatCacheConfig(config)
      for (const name of cache.names) await bucket.write(nameKey(name), fromBuffer(raw), raw.length)
    },
  }
}

function missing(key: string, variable: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use a cache of type s3: it has no ${key}`, {
    remedy: `name it with ${key}=, or set ${variable}`,
  })
}
