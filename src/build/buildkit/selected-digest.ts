import { createHash } from 'node:crypto'
import { type IgnoreMatcher, matchPattern, parseIgnore } from '#dockerfile'
import type { Digest } from '#oci'
import { encodeName } from '#tar'
import type { FileNode } from '../files/node.ts'
import { resolveNode } from '../files/resolve.ts'
import type { FileTree } from '../files/tree.ts'
import type { UsedPath } from './operation.ts'

/** Hashes single nodes: of a directory its header alone, or everything below it. */
export interface NodeDigests {
  header(node: FileNode): Digest
  whole(node: FileNode): Promise<Digest>
}

/** A file that counts, or the directory of one. */
interface Selected {
  readonly node: FileNode
  /** Below the part of the path without wildcards. */
  readonly path: string
  /** No directory above it is part of the selection, so that a link is followed. */
  readonly isTop: boolean
}

/** The patterns of `--parents` and `--exclude`. */
interface Filter {
  readonly include?: IgnoreMatcher | undefined
  readonly exclude?: IgnoreMatcher | undefined
}

/** A directory above the files of a selection. It counts when something below it does. */
interface Above extends Selected {
  isTaken: boolean
}

/** True when a path of a Dockerfile is a pattern. */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\./g, ''))
}

/** True when BuildKit hashes the files of a path one by one. */
export function isSelection({ path, include, exclude }: UsedPath): boolean {
  return isPattern(path) || include !== undefined || exclude !== undefined
}

/** The names of a path before the first pattern, and the others. */
function namesOf(path: string): {
  readonly fixed: readonly string[]
  readonly rest: readonly string[]
} {
  const names = path.split('/').filter((name) => name !== '')
  const at = names.findIndex(isPattern)
  return at < 0 ? { fixed: names, rest: [] } : { fixed: names.slice(0, at), rest: names.slice(at) }
}

/**
 * Returns the digest of the files of a path that match its patterns, with their paths. The paths
 * of patterns are relative to what the path names. Returns `undefined` for more files than `most`.
 */
export async function selectedDigest(
  tree: FileTree,
  used: UsedPath,
  { digests, most = Number.POSITIVE_INFINITY }: { digests: NodeDigests; most?: number | undefined },
): Promise<Digest | undefined> {
  const found: Selected[] = []
  for (const each of selected(tree, used)) if (found.push(each) > most) return undefined
  const digestOf = async ({ node, isTop }: Selected): Promise<Digest> => {
    if (node.type === 'directory') return digests.header(node)
    const target = isTop && node.type === 'symlink' ? resolveNode(tree, node.path) : node
    return await digests.whole(target ?? node)
  }
  const [first] = found
  if (found.length === 1 && first !== undefined && hasName(first, used))
    return await digestOf(first)
  const hash = createHash('sha256')
  for (const each of found) {
    hash.update(each.path === '' ? '\0' : encodeName(each.path.replaceAll('/', '\0')))
    hash.update(await digestOf(each))
  }
  return `sha256:${hash.digest('hex')}`
}

/** True for a single file with the name that the path ends in: BuildKit then leaves its path out. */
function hasName({ path }: Selected, used: UsedPath): boolean {
  const last = (text: string): string | undefined => text.split('/').at(-1)
  return path === '' || last(path) === last(used.path)
}

/** In the order of BuildKit: a directory, what is in it, and then the next name. */
function* selected(tree: FileTree, { path, include, exclude }: UsedPath): Generator<Selected> {
  const { fixed, rest } = namesOf(path)
  const start = resolveNode(tree, fixed.join('/'))
  const filter = {
    include: include === undefined ? undefined : parseIgnore(include),
    exclude: exclude === undefined ? undefined : parseIgnore(exclude.join('\n')),
  }
  if (start === undefined) return
  if (rest.length > 0) {
    if (start.type === 'directory') yield* matches(tree, start, '', { names: rest, filter })
    return
  }
  // The root has no header.
  if (start.path === '') yield* children(tree, start, { path: '', name: '', above: [], filter })
  else yield* visit(tree, start, { path: '', name: '', above: [], filter })
}

interface Wanted {
  readonly names: readonly string[]
  readonly filter: Filter
}

function* matches(
  tree: FileTree,
  directory: FileNode,
  path: string,
  { names: [pattern = '', ...names], filter }: Wanted,
): Generator<Selected> {
  for (const node of tree.list(directory)) {
    if (!matchPattern(pattern, node.name)) continue
    const own = `${path}/${node.name}`
    if (names.length === 0) yield* visit(tree, node, { path: own, name: '', above: [], filter })
    else if (node.type === 'directory') yield* matches(tree, node, own, { names, filter })
  }
}

interface Place {
  readonly path: string
  /** The path that patterns are compared with. */
  readonly name: string
  /** Outermost first. */
  readonly above: readonly Above[]
  readonly filter: Filter
}

function* visit(tree: FileTree, node: FileNode, place: Place): Generator<Selected> {
  // A client does not send sockets.
  if (node.type === 'socket') return
  const { path, name, above, filter } = place
  const own: Above = { node, path, isTop: above.length === 0, isTaken: false }
  if (passes(filter, name)) {
    for (const each of [...above, own]) {
      if (!each.isTaken) yield each
      each.isTaken = true
    }
  }
  if (node.type === 'directory') {
    yield* children(tree, node, { ...place, above: [...above, own] })
  }
}

function* children(tree: FileTree, directory: FileNode, place: Place): Generator<Selected> {
  for (const node of tree.list(directory)) {
    const name = place.name === '' ? node.name : `${place.name}/${node.name}`
    yield* visit(tree, node, { ...place, path: `${place.path}/${node.name}`, name })
  }
}

function passes({ include, exclude }: Filter, name: string): boolean {
  return include?.ignores(name) !== false && exclude?.ignores(name) !== true
}
