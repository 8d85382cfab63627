import { cleanPath } from '#tar'
import { contentsOf, type FileTree } from './file-tree.ts'
import type { LayerFile, LayerFiles } from './layer-files.ts'
import { weightOfText } from './weight.ts'

/** What a name in a directory stands for. */
interface Node {
  file: LayerFile
  readonly names: Names
}

type Names = Map<string, Node>

/**
 * Puts layers above each other, the lowest first, as a container sees them. A layer costs the lengths
 * of its own paths, whatever the layers below it hold, because all other requests wait meanwhile.
 * Returns `undefined` when the result, with the directories that archives leave out, weighs more than
 * `most`.
 */
export function mergeLayers(layers: readonly LayerFiles[], most: number): FileTree | undefined {
  const root: Names = new Map()
  let left = most
  for (const { files, removed, emptied } of layers) {
    for (const path of emptied) namesIn(root, path)?.clear()
    for (const path of removed) namesIn(root, parentOf(path))?.delete(baseOf(path))
    for (const file of files) {
      left -= put(root, file.type === 'hardlink' ? linked(root, file) : file)
      if (left < 0) return undefined
    }
  }
  const tree = new Map<string, LayerFile>()
  flatten(root, tree)
  return tree
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Returns the names in a directory, and `undefined` if it is not there. */
function namesIn(root: Names, path: string): Names | undefined {
  if (path === '') return root
  let names: Names | undefined = root
  for (const name of path.split('/')) names = names?.get(name)?.names
  return names
}

/** Links a file to what is below the name of its target before higher layers change that name. */
function linked(root: Names, file: LayerFile): LayerFile {
  const path = cleanPath(file.target ?? '') ?? ''
  const target = namesIn(root, parentOf(path))?.get(baseOf(path))?.file
  return { ...file, contents: target && contentsOf(target) }
}

/** Adds a file, and its parents if they are no directories. Returns the weight of what is new. */
function put(root: Names, file: LayerFile): number {
  const { path } = file
  if (path === '') return 0
  let [names, weight, start] = [root, 0, 0]
  for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', start)) {
    const name = path.slice(start, end)
    let node = names.get(name)
    if (node?.file.type !== 'directory') {
      node = { file: parentFor(file, path.slice(0, end)), names: new Map() }
      names.set(name, node)
      weight += weightOfText(end)
    }
    names = node.names
    start = end + 1
  }
  const name = path.slice(start)
  const before = names.get(name)
  // Only a directory above a directory shows what is in the lower one.
  if (before?.file.type === 'directory' && file.type === 'directory') {
    before.file = file
    return weight
  }
  names.set(name, { file, names: new Map() })
  return weight + weightOfText(path.length)
}

/** Returns a directory that the archive of a file leaves out. */
function parentFor({ layer, offset, mtime }: LayerFile, path: string): LayerFile {
  return { path, type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime, layer, offset }
}

/** The depth of a path is limited by the reader of the archive. */
function flatten(names: Names, tree: Map<string, LayerFile>): void {
  for (const { file, names: inner } of names.values()) {
    tree.set(file.path, file)
    flatten(inner, tree)
  }
}
