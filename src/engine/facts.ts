import { StrakeError } from '#oci'
import { pathExists } from '#platform'
import type { Engine } from './engine.ts'

/** Whether a store holds content that its database should have records of. */
export function holdsContent(root: string): boolean {
  const { readdirSync } = process.getBuiltinModule('node:fs')
  return ['blobs/sha256', 'blobs/sha512', 'chains', 'containers', 'layers', 'volumes'].some(
    (folder) => pathExists(`${root}/${folder}`) && readdirSync(`${root}/${folder}`).some(isEntry),
  )
}

/** Names with a leading dot are locks and temporary files, which may exist before content does. */
function isEntry(name: string): boolean {
  return !name.startsWith('.')
}

/** Whether the records are complete and readable. Only then may unrecorded content be removed. */
export function knowsEverything({ records }: Engine): boolean {
  if (records.loss.get() !== undefined) return false
  records.tags.list()
  records.images.list()
  records.indexes.list()
  records.containers.list()
  records.cache.list()
  records.leases.held()
  return records.damaged.length === 0
}

/**
 * Throws `CONFLICT` if the records are incomplete or damaged. Reads the whole database,
 * because a damaged index in it can hide the names of images.
 */
export function requireFacts(engine: Engine): void {
  if (knowsEverything(engine) && engine.records.verify().length === 0) return
  throw new StrakeError(
    'CONFLICT',
    `Cannot remove unused content: the database of ${engine.root} was lost or is damaged, so it is unknown what is in use`,
    { remedy: 'strake system check --repair' },
  )
}

/** Describes the damage of the database in a sentence for the user; `undefined` if no damage is known. */
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
