import { ingestLifetime } from '#content'
import {
  createPostgresOutbox,
  openPostgresFacts,
  type PostgresFacts,
  type PostgresFactsOptions,
} from '#facts'
import { type ObjectStore, openObjectStore } from '#object-content'
import { type Bucket, type BucketOptions, openBucket } from '#objects'
import { createLocalRegistry } from '#registry'
import type { ServedRegistry } from './registry.ts'

export interface ReplicatedOptions {
  readonly bucket: Pick<
    BucketOptions,
    'bucket' | 'region' | 'endpoint' | 'usesPath' | 'credentials' | 'fetch'
  >
  readonly database: PostgresFactsOptions
  /** Sends clients to the bucket for blobs. */
  readonly redirects: boolean
  /**
   * Milliseconds between two deletions of what uploads and collections have left in the bucket.
   * Default: one minute.
   */
  readonly sweepInterval?: number | undefined
  /**
   * Milliseconds until the head of an answer of the bucket, all tries together, and between two chunks
   * of its body. Default: 30,000.
   */
  readonly timeout?: number | undefined
  /** See `LocalRegistryOptions`. */
  readonly monotonic?: (() => number) | undefined
}

/** Seconds for which the URL of a redirect is valid. */
const redirectLifetime = 1200

/** Milliseconds until the answer to whether the bucket works. */
const probeTimeout = 4000

export interface ReplicatedRegistry extends ServedRegistry, AsyncDisposable {
  readonly facts: PostgresFacts
  readonly content: ObjectStore
}

/** Opens a registry whose facts and content any number of replicas share. */
export async function openReplicatedRegistry({
  bucket,
  database,
  redirects,
  sweepInterval = 60_000,
  timeout = 30_000,
  monotonic,
}: ReplicatedOptions): Promise<ReplicatedRegistry> {
  const facts = await openPostgresFacts(database)
  // Signatures have a time, too, and the clock of this machine may be wrong.
  const now = database.now === undefined ? facts.now : undefined
  const open = (attempts: number, patience: number): Bucket => {
    const limits = { attempts, timeout: patience, patience, silence: patience }
    return openBucket({ ...bucket, ...limits, parallel: 2, now, isOwn: true })
  }
  const content = openObjectStore(open(5, timeout), facts.objects, facts.now)
  const probed = open(1, Math.min(timeout, probeTimeout))
  const sweep = async (): Promise<void> => {
    await content.sweep(ingestLifetime)
    await facts.failures.sweep()
    await facts.uploads.dropUnused(facts.now() - ingestLifetime)
  }
  let isSweeping = false
  const timer = setInterval(() => {
    // A sweep takes long while the bucket does not answer, and a second one would only repeat it.
    if (isSweeping) return
    isSweeping = true
    // What a failure leaves is tried again later, by this replica or another.
    sweep()
      .catch(() => {})
      .finally(() => {
        isSweeping = false
      })
  }, sweepInterval)
  timer.unref()
  return {
    registry: createLocalRegistry(content, facts, { monotonic }),
    facts,
    uploads: facts.uploads,
    auth: facts,
    openOutbox: () => createPostgresOutbox(facts.postgres, facts.now),
    content,
    now: facts.now,
    notesContent: true,
    async probe() {
      for await (const _ of probed.list('probe/')) return
    },
    locate: redirects ? (digest) => content.locate(digest, redirectLifetime) : undefined,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await facts[Symbol.asyncDispose]()
    },
  }
}
