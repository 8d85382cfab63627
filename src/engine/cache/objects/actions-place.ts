import { cacheLimits, describedBlobs, formatCacheConfig, parseCacheConfig } from '#build'
import { type ActionsScope, openActionsCache } from '#objects'
import { StrakeError, sha256 } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import type { Engine } from '../../engine.ts'
import type { ActionsCacheOptions } from '../cache-options.ts'
import type { CachePlace, StoredCache } from '../place.ts'
import { objectContent } from './object-content.ts'

const attempts = 5

/** The most numbers that are tried for a new entry, because other jobs may take some. */
const mostNumbers = 100

/** A cache in the cache of GitHub Actions, under the keys of BuildKit. */
export function actionsPlace(
  { env }: Pick<Engine, 'env'>,
  { scope, url, token, timeout }: ActionsCacheOptions,
): CachePlace {
  const address = url ?? env['ACTIONS_RESULTS_URL']
  const secret = token ?? env['ACTIONS_RUNTIME_TOKEN']
  if (!address) throw missing('url_v2', 'ACTIONS_RESULTS_URL')
  if (!secret) throw missing('token', 'ACTIONS_RUNTIME_TOKEN')
  const cache = openActionsCache({ url: address, token: secret, timeout, attempts })
  const blobKey = (digest: string): string => `buildkit-blob-1-${digest}`
  const indexKey = ({ name }: ActionsScope): string =>
    `index-${scope}-1-${sha256(name).slice('sha256:'.length).slice(0, 8)}`
  const readIndex = async (own: ActionsScope): Promise<readonly StoredCache[]> => {
    // An entry never changes, so every version has a number after the key.
    const entry = await cache.find(`${indexKey(own)}#`)
    if (entry === undefined) return []
    const bytes = cache.read(entry)
    const config = parseCacheConfig(await toBuffer(bytes, cacheLimits.configSize, entry.key))
    return [{ config, blobs: describedBlobs(config) }]
  }
  return {
    name: `gha:${scope}`,
    hasDetails: true,
    content: objectContent({
      has: async ({ digest }) => (await cache.find(blobKey(digest)))?.key === blobKey(digest),
      async *read({ digest }, start) {
        const entry = await cache.find(blobKey(digest))
        if (entry === undefined) {
          throw new StrakeError('NOT_FOUND', `Cannot read ${digest}: GitHub has removed it`)
        }
        yield* cache.read(entry, start)
      },
      async write({ digest, size }, bytes) {
        await cache.write(blobKey(digest), bytes, size)
      },
    }),
    async read() {
      const found = await Promise.all(cache.scopes.map(readIndex))
      return found.flat()
    },
    async write({ config }) {
      const own = cache.scopes.find(({ canWrite }) => canWrite)
      if (own === undefined) {
        const message = 'Cannot write the cache of GitHub Actions: the token allows only reading'
        throw new StrakeError('DENIED', message)
      }
      const raw = formatCacheConfig(config)
      const key = `${indexKey(own)}#`
      const newest = await cache.find(key)
      const last = Number(newest?.key.slice(key.length) ?? 0) || 0
      for (let number = last + 1; number <= last + mostNumbers; number++) {
        if (await cache.write(`${key}${number}`, fromBuffer(raw), raw.length)) return
      }
      throw new StrakeError('CONFLICT', `Cannot write ${key}: other jobs write it all the time`)
    },
  }
}

function missing(key: string, variable: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use a cache of type gha: it has no ${key}`, {
    remedy: `set ${variable}, which GitHub gives to actions but not to scripts, or name it with ${key}=`,
  })
}
