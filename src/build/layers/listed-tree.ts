import { cleanPath, type TarHeader } from '#tar'
import type { FileNode } from '../files/node.ts'
import type { LookupTree } from '../files/tree.ts'
import { emptyTree } from './empty-tree.ts'

/** The entries of a layer that only adds: the targets of links, and the types of other entries. */
export type LayerListing = ReadonlyMap<string, ListedFile>

interface ListedFile {
  readonly type: FileNode['type']
  readonly linkTarget: string
}

/** Lists the entries of a layer and skips their contents. */
export async function listLayer(
  entries: AsyncIterable<TarHeader> | Iterable<TarHeader>,
): Promise<LayerListing> {
  const listing = new Map<string, ListedFile>()
  for await (const { path, type, linkpath } of entries) {
    const nodeType = type === 'hardlink' ? 'file' : type
    listing.set(cleanPath(path) ?? path, { type: nodeType, linkTarget: linkpath })
  }
  return listing
}

/**
 * Returns the tree of `below` with `listings` above it, lowest first. It is enough
 * for looking up destinations, and no layer is unpacked for it.
 */
export function layListings(below: LookupTree, listings: readonly LayerListing[]): LookupTree {
  const topmostFirst = listings.toReversed()
  const find = (path: string): ReturnType<LayerListing['get']> => {
    for (const listing of topmostFirst) {
      const entry = listing.get(path)
      if (entry !== undefined) return entry
    }
    return undefined
  }
  const directories = new Map<string, FileNode | undefined>([['', below.top]])
  /** Reads a directory of `below`. A listing may have it too, with another owner or mode. */
  const directoryBelow = (path: string): FileNode | undefined => {
    if (!directories.has(path)) {
      const slash = path.lastIndexOf('/')
      const parent = directoryBelow(slash === -1 ? '' : path.slice(0, slash))
      const node = parent && below.child(parent, path.slice(slash + 1))
      directories.set(path, node?.type === 'directory' ? node : undefined)
    }
    return directories.get(path)
  }
  return {
    top: below.top,
    child({ path: parent }, name) {
      const path = parent === '' ? name : `${parent}/${name}`
      const entry = find(path)
      if (entry !== undefined) return { ...emptyTree.top, name, path, type: entry.type }
      const directory = directoryBelow(parent)
      return directory && below.child(directory, name)
    },
    readLink: (node) => find(node.path)?.linkTarget ?? below.readLink(node),
  }
}
