import { compareNames, parentPath } from '#tar'
import type { LayerFile } from './layer-files.ts'

/** The files of a layer or of an image by their paths. */
export type FileTree = ReadonlyMap<string, LayerFile>

/** Returns what a directory holds: directories first, then by name. */
export function listDirectory(tree: FileTree, directory: string): readonly LayerFile[] {
  const found: LayerFile[] = []
  for (const file of tree.values()) if (parentPath(file.path) === directory) found.push(file)
  const rank = ({ type }: LayerFile): number => (type === 'directory' ? 0 : 1)
  return found.sort((one, other) => rank(one) - rank(other) || compareNames(one.path, other.path))
}

export type FileChange = {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly path: string
  /** Of the file after the change, or of the removed one. */
  readonly size: number
  /** The attributes that differ. */
  readonly attributes: readonly string[]
}

/** Returns what differs between two trees by path. Times alone are no difference. */
export function compareTrees(before: FileTree, after: FileTree): readonly FileChange[] {
  const changes: FileChange[] = []
  for (const [path, file] of after) {
    const old = before.get(path)
    if (old === undefined) {
      changes.push({ kind: 'added', path, size: file.size, attributes: [] })
      continue
    }
    const attributes = differing(old, file)
    if (attributes.length > 0) changes.push({ kind: 'changed', path, size: file.size, attributes })
  }
  for (const [path, { size }] of before) {
    if (!after.has(path)) changes.push({ kind: 'removed', path, size, attributes: [] })
  }
  return changes.sort((one, other) => compareNames(one.path, other.path))
}

function differing(one: LayerFile, other: LayerFile): readonly string[] {
  if (one.type !== other.type) return ['type']
  const names = ['mode', 'uid', 'gid', 'target'] as const
  const attributes: string[] = names.filter((name) => one[name] !== other[name])
  return contentsOf(one)?.digest === contentsOf(other)?.digest
    ? attributes
    : ['contents', ...attributes]
}

/** Returns the file that has the contents: for a hard link the file that it names, if there is one. */
export function contentsOf(file: LayerFile): LayerFile | undefined {
  return file.type === 'hardlink' ? file.contents : file
}
