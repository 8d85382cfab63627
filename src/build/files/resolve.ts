import { StrakeError } from '#oci'
import { printableName } from '#tar'
import type { FileNode } from './node.ts'
import type { FileTree } from './tree.ts'

const maxLinks = 255

/**
 * Resolves a path of the tree. Every symbolic link in the path is followed inside
 * the root: `/etc` means `etc` in the root, and `..` stops at the root. Returns
 * `undefined` when the path does not exist. Throws `INVALID` for a loop.
 */
export function resolveNode(tree: FileTree, path: string): FileNode | undefined {
  const pending = path.split('/').reverse()
  const trail: FileNode[] = [tree.top]
  let links = 0
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const at = trail.at(-1) ?? tree.top
    if (name === '' || name === '.') continue
    if (name === '..') {
      if (trail.length > 1) trail.pop()
      continue
    }
    const node = at.type === 'directory' ? tree.child(at, name) : undefined
    if (node === undefined) return undefined
    if (node.type !== 'symlink') {
      trail.push(node)
      continue
    }
    if (++links > maxLinks) {
      throw new StrakeError('INVALID', `Cannot copy ${printableName(path)}: its links form a loop`)
    }
    const target = tree.readLink(node)
    if (target.startsWith('/')) trail.length = 1
    pending.push(...target.split('/').reverse())
  }
  return trail.at(-1)
}
