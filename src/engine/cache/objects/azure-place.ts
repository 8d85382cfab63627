import { posix } from 'node:path'
import { describedBlobs, formatCacheConfig, parseCacheConfig } from '#build'
import { openContainer } from '#objects'
import { StrakeError } from '#oci'
import { fromBuffer } from '#stream'
import type { Engine } from '../../engine.ts'
import type { AzureCache } from '../cache-options.ts'
import type { CachePlace } from '../place.ts'
import { objectContent, readDescription } from './object-content.ts'

/** Milliseconds for the head of an answer, with up to 8 MiB of upload before it. */
const timeout = 300_000

const attempts = 3

/** A cache in a container of Azure, under the names and keys of BuildKit. */
export function azurePlace({ env }: Pick<Engine, 'env'>, cache: AzureCache): CachePlace {
  const url = cache.url ?? env['BUILDKIT_AZURE_STORAGE_ACCOUNT_URL']
  if (!url || !URL.canParse(url)) {
    throw missing('account_url', 'BUILDKIT_AZURE_STORAGE_ACCOUNT_URL')
  }
  const host = new URL(url).hostname.split('.')[0] ?? ''
  const account = cache.account ?? (env['BUILDKIT_AZURE_STORAGE_ACCOUNT_NAME'] || host)
  const key = cache.key ?? env['AZURE_STORAGE_KEY']
  if (!key) throw missing('secret_access_key', 'AZURE_STORAGE_KEY')
  const named = cache.container ?? env['BUILDKIT_AZURE_STORAGE_CONTAINER']
  const container = openContainer({
    url,
    container: named || 'buildkit-cache',
    credentials: { account, key },
    timeout,
    attempts,
  })
  const prefix = cache.prefix ?? env['BUILDKIT_AZURE_STORAGE_PREFIX'] ?? ''
  const blobKey = (digest: string): string => joined(prefix, cache.blobsPrefix, digest)
  const nameKey = (name: string): string => joined(prefix, cache.manifestsPrefix, name)
  const [first = ''] = cache.names
  return {
    name: `azblob:${named || 'buildkit-cache'}/${nameKey(first)}`,
    hasDetails: true,
    content: objectContent({
      has: ({ digest }) => container.has(blobKey(digest)),
      read: ({ digest }, start) => container.read(blobKey(digest), start),
      write: ({ digest }, bytes) => container.write(blobKey(digest), bytes),
    }),
    async read() {
      const raw = await readDescription(container.read(nameKey(first)))
      if (raw === undefined) return []
      const config = parseCacheConfig(raw)
      return [{ config, blobs: describedBlobs(config) }]
    },
    async write({ config }) {
      const raw = formatCacheConfig(config)
      for (const name of cache.names) await container.write(nameKey(name), fromBuffer(raw))
    },
  }
}

/** As BuildKit joins: without a slash at the beginning, and with single ones. */
function joined(...parts: readonly string[]): string {
  return posix.join(...parts).replace(/^\//, '')
}

function missing(key: string, variable: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use a cache of type azblob: it has no ${key}`, {
    remedy: `name it with ${key}=, or set ${variable}`,
  })
}
