import { StrakeError } from '#oci'
import { pathExists } from '#platform'
import type { Engine } from './engine.ts'

/** Whether a store holds anything that its database should know of. */
export function holdsContent(root: string): boolean {
  const { readdirSync } = process.getBuiltinModule('node:fs')
  return ['blobs/sha256', 'blobs/sha512', 'chains', 'containers', 'layers', 'volumes'].some(
    (folder) => pathExists(`${root}/${folder}`) && readdirSync(`${root}/${folder}`).some(isEntry),
  )
}

/** Locks and the like are made before there is content. */
function isEntry(name: string): boolean {
  return !name.startsWith('.')
}

/** Whether everything that is in use is known: only then may the rest be removed. */
export function knowsEverything({ records }: Engine): boolean {
  if (records.loss.get() !== undefined) return false
  records.tags.list()
  records.images.list()
  records.containers.list()
  records.cache.list()
  records.leases.held()
  return records.damaged.length === 0
}

/**
 * Throws `CONFLICT` when it is not known what is in use. Reads the whole database: a
 * damaged index of it makes named images look unnamed.
 */
export function requireFacts(engine: Engine): void {
  if (knowsEverything(engine) && engine.records.verify().length === 0) return
  throw new StrakeError(
    'CONFLICT',
    `Cannot remove what is not in use: the database of ${engine.root} was lost or is damaged, so what is in use is not known`,
    { remedy: 'strake system check --repair' },
  )
}

/** What is wrong with the database, in a sentence for people; `undefined` when nothing is known. */
export function describeDamage({ records }: Pick<Engine, 'records'>): string | undefined {
  const loss = records.loss.get()
  if (loss !== undefined) {
    const what =
      loss.setAside === null
        ? 'the database of the store was missing'
        : `the database of the store was damaged and is now ${loss.setAside}`
    return `${what}; names were restored from index.json, and nothing is collected`
  }
  const [first, ...others] = records.damaged
  if (first === undefined) return undefined
  return others.length === 0 ? first.message : `${first.message}, and ${others.length} more`
}
