import type { CacheUsage } from '#engine/build-services/cache-usage'
import { formatAge, formatInstant, formatSize } from '../units.ts'

/** An entry of the build cache with a line for each field and an empty line, as buildx shows it. */
export function formatCacheEntry(entry: CacheUsage): string {
  const isMount = entry.kind === 'mount'
  const fields = [
    ['ID', entry.id],
    ['Created at', formatInstant(entry.createdAt)],
    ['Mutable', String(isMount)],
    ['Reclaimable', String(entry.isReclaimable)],
    ['Shared', String(!isMount && !entry.isReclaimable)],
    ['Size', formatSize(entry.size)],
    ['Last used', formatAge(entry.lastUsedAt)],
    ['Type', isMount ? 'exec.cachemount' : 'regular'],
  ] as const
  // The values begin in the third column of tabs.
  const lines = fields.map(
    ([name, value]) => `${name}:${name.length < 7 ? '\t\t' : '\t'}${value}\n`,
  )
  return `${lines.join('')}\n`
}
