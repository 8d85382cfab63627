import { join } from 'node:path'
import { type Digest, isDigest } from '#oci'
import type { Member } from '../facts.ts'
import { namesIn, readIfThere } from './durable.ts'
import { MemberFiles } from './member-files.ts'
import { NameList } from './name-list.ts'
import { upgradeFacts } from './upgrade-facts.ts'

/** One fact of `createDirectoryFacts`. */
export type StoredFact =
  | { readonly repository: string; readonly member: Member }
  | { readonly repository: string; readonly tag: string; readonly digest: Digest }

export interface StoredFacts {
  /** All members before all tags. The files are read during the iteration. */
  readonly facts: Iterable<StoredFact>
  /** The entries of the directory that have them. */
  readonly names: readonly string[]
}

/** Returns the facts that `createDirectoryFacts` kept in `root`, or `undefined` when there are none. */
export async function readDirectoryFacts(root: string): Promise<StoredFacts | undefined> {
  await upgradeFacts(root, new MemberFiles(root))
  const names = namesIn(root).filter((name) => !belongsToOthers(name))
  if (!names.includes('_names')) return undefined
  return { facts: readFacts(root), names }
}

/** Uploads in progress are files in every version. */
function belongsToOthers(name: string): boolean {
  return name === '_uploads' || name === '_before' || name.startsWith('_facts.')
}

function* readFacts(root: string): Generator<StoredFact> {
  for (const { repository, ...member } of new MemberFiles(root).all()) yield { repository, member }
  for (const repository of new NameList(join(root, '_names')).list()) {
    const directory = join(root, repository, '_tags')
    for (const tag of namesIn(directory)) {
      const digest = tag.startsWith('.') ? undefined : readIfThere(join(directory, tag))
      if (digest !== undefined && isDigest(digest)) yield { repository, tag, digest }
    }
  }
}
