import { treeEntries } from '#layer'
import type { Bytes } from '#stream'
import { type TarInput, writeTar } from '#tar'

/** A tree that becomes a part of an archive. */
export interface PackedTree {
  readonly root: string
  /** The directory of the archive that the tree is put in, one name. Default: the top. */
  readonly directory?: string | undefined
  /** More files at the top of the tree. They replace files of the same name. */
  readonly files?: readonly TarInput[] | undefined
}

export interface PackTreesOptions {
  /** Returns what is written for an entry; `undefined` leaves it out. */
  readonly change?: ((entry: TarInput) => TarInput | undefined) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Packs several trees into one archive. The same trees always give the same bytes. */
export function packTrees(trees: readonly PackedTree[], options: PackTreesOptions = {}): Bytes {
  return writeTar(entriesOf(trees, options))
}

async function* entriesOf(
  trees: readonly PackedTree[],
  { change = (entry) => entry, signal }: PackTreesOptions,
): AsyncGenerator<TarInput> {
  for (const { root, directory, files = [] } of trees) {
    const replaced = new Set(files.map(({ path }) => path))
    const prefix = directory === undefined ? '' : `${directory}/`
    const leftOut = new Set<string>()
    const give = (entry: TarInput): TarInput | undefined => {
      const isLink = entry.type === 'hardlink'
      const placed = {
        ...entry,
        path: prefix + entry.path,
        ...(isLink && { linkpath: prefix + (entry.linkpath ?? '') }),
      }
      // A hard link to a file that was left out has no target.
      const isGone = isLink && leftOut.has(placed.linkpath ?? '')
      const changed = isGone ? undefined : change(placed)
      if (changed === undefined) leftOut.add(placed.path)
      return changed
    }
    if (directory !== undefined) {
      const own = change({ path: directory, type: 'directory' })
      if (own !== undefined) yield own
    }
    for await (const entry of treeEntries(root, { signal })) {
      if (replaced.has(entry.path)) {
        leftOut.add(prefix + entry.path)
        continue
      }
      const given = give(entry)
      if (given !== undefined) yield given
    }
    for (const file of files) {
      const given = give(file)
      if (given !== undefined) yield given
    }
  }
}
