import type { Bytes } from '#stream'
import { cleanPath, readTar, type TarEntry } from '#tar'
import { emptyTree } from './empty-tree.ts'
import type { LookupTree } from './layout.ts'
import type { FileNode } from './node.ts'

/** The entries of a layer that only adds: links with their targets, everything else by type. */
export type LayerListing = ReadonlyMap<
  string,
  { readonly type: FileNode['type']; readonly linkTarget: string }
>

/** Lists a layer from its archive; contents are skipped. */
export async function listLayer(tar: Bytes): Promise<LayerListing> {
  const listing = new Map<string, { type: FileNode['type']; linkTarget: string }>()
  for await (const { path, type, linkpath } of readTar(tar)) {
    listing.set(cleanPath(path) ?? path, { type: nodeType(type), linkTarget: linkpath })
  }
  return listing
}

function nodeType(type: TarEntry['type']): FileNode['type'] {
  return type === 'hardlink' ? 'file' : type
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
