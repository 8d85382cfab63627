import { cleanPath, type TarHeader } from '#tar'
import type { FileNode } from '../files/node.ts'
import type { LookupTree } from '../files/tree.ts'
import { emptyTree } from './empty-tree.ts'

/** The entries of a layer that only adds: links with their targets, everything else by type. */
export type LayerListing = ReadonlyMap<string, ListedFile>

interface ListedFile {
  readonly type: FileNode['type']
  readonly linkTarget: string
}

/** Lists a layer from its entries; contents are skipped. */
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
 * What a filesystem looks like once `listings` lie above `below`, lowest first.
 * It is enough to find places in; nothing needs to be unpacked for it.
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
  /** A directory of `below`, which a listing may have too, with another owner or mode. */
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
