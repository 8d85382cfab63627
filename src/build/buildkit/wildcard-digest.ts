import { createHash } from 'node:crypto'
import { matchPattern } from '#dockerfile'
import type { Digest } from '#oci'
import { encodeName } from '#tar'
import type { FileNode } from '../files/node.ts'
import { resolveNode } from '../files/resolve.ts'
import type { FileTree } from '../files/tree.ts'

/** Hashes single nodes: of a directory its header alone, or everything below it. */
export interface NodeDigests {
  header(node: FileNode): Digest
  whole(node: FileNode): Promise<Digest>
}

/** A file that a pattern matches, or that is in a directory which it matches. */
interface Matched {
  readonly node: FileNode
  /** Below the part of the pattern without wildcards. */
  readonly path: string
  /** The pattern matches the file itself, so that a link is followed. */
  readonly isTop: boolean
}

/** True when a path of a Dockerfile is a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\./g, ''))
}

/** Returns the digest of all files that a pattern matches, with their paths. */
export async function wildcardDigest(
  tree: FileTree,
  pattern: string,
  digests: NodeDigests,
): Promise<Digest> {
  const names = pattern.split('/').filter((name) => name !== '')
  const fixed = names.findIndex(isPattern)
  const start = resolveNode(tree, names.slice(0, fixed).join('/'))
  const hash = createHash('sha256')
  if (start?.type === 'directory') {
    for (const { node, path, isTop } of matches(tree, start, '', names.slice(fixed))) {
      hash.update(encodeName(path.replaceAll('/', '\0')))
      const target = isTop && node.type === 'symlink' ? resolveNode(tree, node.path) : node
      const isHeader = node.type === 'directory'
      hash.update(isHeader ? digests.header(node) : await digests.whole(target ?? node))
    }
  }
  return `sha256:${hash.digest('hex')}`
}

/** In the order of BuildKit: a directory, what is in it, and then the next name. */
function* matches(
  tree: FileTree,
  directory: FileNode,
  path: string,
  [pattern = '', ...rest]: readonly string[],
): Generator<Matched> {
  for (const node of tree.list(directory)) {
    if (!matchPattern(pattern, node.name)) continue
    const own = `${path}/${node.name}`
    if (rest.length > 0) {
      if (node.type === 'directory') yield* matches(tree, node, own, rest)
      continue
    }
    if (node.type === 'socket') continue
    yield { node, path: own, isTop: true }
    if (node.type === 'directory') yield* below(tree, node, own)
  }
}

function* below(tree: FileTree, directory: FileNode, path: string): Generator<Matched> {
  for (const node of tree.list(directory)) {
    if (node.type === 'socket') continue
    const own = `${path}/${node.name}`
    yield { node, path: own, isTop: false }
    if (node.type === 'directory') yield* below(tree, node, own)
  }
}
