import { compareNames, parentPath } from '#tar'
import type { LayerFile, LayerFiles } from './layer-files.ts'

/** The files of a layer or of an image by their paths. */
export type FileTree = ReadonlyMap<string, LayerFile>

/** Puts layers above each other, the lowest first, as a container sees them. */
export function mergeLayers(layers: readonly LayerFiles[]): FileTree {
  const tree = new Map<string, LayerFile>()
  for (const { files, removed, emptied } of layers) {
    removeBelow(tree, new Set(emptied), false)
    removeBelow(tree, new Set(removed), true)
    const replaced = new Set<string>()
    for (const file of files) {
      const before = tree.get(file.path)
      if (before?.type === 'directory' && file.type !== 'directory') replaced.add(file.path)
    }
    removeBelow(tree, replaced, true)
    for (const file of files) {
      if (file.path === '') continue
      addParents(tree, file)
      tree.set(file.path, file)
    }
  }
  return tree
}

/** Adds the directories that an archive leaves out. */
function addParents(tree: Map<string, LayerFile>, file: LayerFile): void {
  for (let path = parentPath(file.path); path !== ''; path = parentPath(path)) {
    if (tree.get(path)?.type === 'directory') return
    const { layer, offset, mtime } = file
    const owner = { mode: 0o755, uid: 0, gid: 0, size: 0 }
    tree.set(path, { path, type: 'directory', ...owner, mtime, layer, offset })
  }
}

function removeBelow(
  tree: Map<string, LayerFile>,
  paths: ReadonlySet<string>,
  withThemselves: boolean,
): void {
  if (paths.size === 0) return
  for (const path of tree.keys()) {
    const isItself = withThemselves && paths.has(path)
    if (isItself || isBelow(path, paths)) tree.delete(path)
  }
}

function isBelow(path: string, paths: ReadonlySet<string>): boolean {
  for (let parent = path; parent !== ''; ) {
    parent = parentPath(parent)
    if (paths.has(parent)) return true
  }
  return false
}

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
  return one.digest === other.digest ? attributes : ['contents', ...attributes]
}

/** Returns the file that a hard link names, or the file itself. */
export function followHardLinks(tree: FileTree, file: LayerFile): LayerFile | undefined {
  const seen = new Set<LayerFile>()
  let found: LayerFile | undefined = file
  while (found?.type === 'hardlink' && !seen.has(found)) {
    seen.add(found)
    found = tree.get((found.target ?? '').replace(/^(?:\.?\/)+/, ''))
  }
  return found?.type === 'hardlink' ? undefined : found
}
