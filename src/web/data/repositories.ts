import type { Place } from '../place.ts'
import type { Source } from './source.ts'

export interface Repositories {
  readonly names: readonly string[]
  /** Where the next page begins. */
  readonly next?: string | undefined
}

const pageSize = 100

/** A search looks at so many names for one page. Its next page goes on from there. */
const mostLooked = 20_000

/** Lists the repositories that the sender may pull. */
export async function listRepositories(
  { registry, sees }: Source,
  { query, under, after }: Extract<Place, { kind: 'repositories' }>,
): Promise<Repositories> {
  const names: string[] = []
  const wanted = query?.toLowerCase()
  const base = under?.replace(/\/+$/, '')
  let looked = 0
  let last: string | undefined
  for await (const name of registry.repositories({ after: after ?? beforeOf(base) })) {
    if (base !== undefined && !name.startsWith(base)) break
    if (names.length === pageSize || looked === mostLooked) return { names, next: last }
    looked += 1
    last = name
    if (base !== undefined && name !== base && !name.startsWith(`${base}/`)) continue
    if (wanted !== undefined && !name.includes(wanted)) continue
    if (await sees(name)) names.push(name)
  }
  return { names }
}

/** Returns a text just before all names that begin with `base`. */
function beforeOf(base: string | undefined): string | undefined {
  if (base === undefined || base === '') return undefined
  const code = base.charCodeAt(base.length - 1)
  return `${base.slice(0, -1)}${String.fromCharCode(code - 1)}\uffff`
}
