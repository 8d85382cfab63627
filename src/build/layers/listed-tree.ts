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
  return {
    top: below.top,
    child(directory, name) {
      const path = directory.path === '' ? name : `${directory.path}/${name}`
      const entry = find(path)
      if (entry !== undefined) return { ...emptyTree.top, name, path, type: entry.type }
      // A directory that only a listing has is not there below.
      return find(directory.path) === undefined ? below.child(directory, name) : undefined
    },
    readLink: (node) => find(node.path)?.linkTarget ?? below.readLink(node),
  }
}
