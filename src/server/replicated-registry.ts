import { ingestLifetime } from '#content'
import { openPostgresFacts, type PostgresFacts } from '#facts'
import { openObjectStore } from '#object-content'
import { type BucketOptions, openBucket } from '#objects'
import type { PostgresOptions } from '#platform'
import { createLocalRegistry } from '#registry'
import type { ServedRegistry } from './registry.ts'

export interface ReplicatedOptions {
  readonly bucket: Pick<
    BucketOptions,
    'bucket' | 'region' | 'endpoint' | 'usesPath' | 'credentials' | 'fetch'
  >
  readonly database: PostgresOptions
  /** Sends clients to the bucket for blobs. */
  readonly redirects: boolean
}

/** Milliseconds between two deletions of what uploads and collections have left in the bucket. */
const sweepInterval = 60_000

/** Seconds for which the URL of a redirect is valid. */
const redirectLifetime = 1200

/** Milliseconds until the head of an answer of the bucket. */
const timeout = 30_000

export interface ReplicatedRegistry extends ServedRegistry, AsyncDisposable {
  readonly facts: PostgresFacts
}

/** Opens a registry whose facts and content any number of replicas share. */
export async function openReplicatedRegistry({
  bucket,
  database,
  redirects,
}: ReplicatedOptions): Promise<ReplicatedRegistry> {
  const facts = await openPostgresFacts(database)
  const content = openObjectStore(
    openBucket({ ...bucket, parallel: 2, attempts: 5, timeout }),
    facts.objects,
  )
  const timer = setInterval(() => {
    // What a failure leaves is tried again a minute later, by this replica or another.
    content.sweep(ingestLifetime).catch(() => {})
  }, sweepInterval)
  timer.unref()
  return {
    registry: createLocalRegistry(content, facts),
    facts,
    uploads: facts.uploads,
    content,
    locate: redirects ? (digest) => content.locate(digest, redirectLifetime) : undefined,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await facts[Symbol.asyncDispose]()
    },
  }
}
