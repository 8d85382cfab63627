import { type IgnoreMatcher, matchPattern, PatternError, parseIgnore, suggest } from '#dockerfile'
import { StrakeError } from '#oci'
import { printableName } from '#tar'
import type { SourceSpec } from '../model/graph.ts'
import type { FileNode } from './node.ts'
import { resolveNode } from './resolve.ts'
import type { FileTree } from './tree.ts'

/** One file, directory or link of a source. */
export interface CopyItem {
  /** Path relative to the destination of the source. It is `''` for a source that is a file. */
  readonly relative: string
  readonly content: FileNode | { readonly inline: string }
  /** The first item of the same source that is a hard link to the same file. */
  readonly sameAs?: CopyItem | undefined
}

/** A source that was found: a file, or the contents of a directory. */
export interface Selection {
  /** The last name of the path as written. A file keeps it inside a directory. */
  readonly name: string
  readonly isDirectory: boolean
  readonly items: readonly CopyItem[]
}

export interface CollectOptions {
  readonly exclude: readonly string[]
  /** Keep the parent directories of the sources (`--parents`). */
  readonly parents: boolean
}

/**
 * Finds the sources of a COPY or ADD and walks their directories. A source that is a
 * link is followed inside the tree. Links below a source are copied as links. A
 * wildcard may have no match. A path without wildcard that does not exist throws
 * `NOT_FOUND` with a suggestion.
 */
export function selectSources(
  tree: FileTree,
  sources: readonly SourceSpec[],
  options: CollectOptions,
): Selection[] {
  const exclude = readExcludes(options.exclude)
  return sources.flatMap((source) => {
    if (source.kind === 'inline') return [inlineSelection(source.name, source.content)]
    return refusing(source.path, () => findSources(tree, source.path, options)).flatMap(
      ({ found, pivot, byWildcard }) => {
        const name = found.split('/').at(-1) ?? ''
        // A source that is written out is copied whatever the patterns are.
        const matched = options.parents ? found.slice(pivot) : byWildcard ? name : ''
        if (matched !== '' && exclude?.ignores(matched) === true) return []
        const node = resolveNode(tree, found)
        if (node === undefined) throw missing(tree, found)
        if (node.type === 'socket') {
          // As below a directory, a socket that no word names is left out.
          if (byWildcard) return []
          throw new StrakeError('INVALID', `Cannot copy ${printableName(found)}: it is a socket`)
        }
        return [
          options.parents
            ? selectWithParents(tree, found, pivot, node, exclude)
            : select(tree, name, node, exclude),
        ]
      },
    )
  })
}

function readExcludes(patterns: readonly string[]): IgnoreMatcher | undefined {
  if (patterns.length === 0) return undefined
  return refusing(`with --exclude=${patterns.join(' ')}`, () => parseIgnore(patterns.join('\n')))
}

/** Adds the word with the bad pattern to an error. */
function refusing<T>(word: string, use: () => T): T {
  try {
    return use()
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause
    const message = `Cannot copy ${printableName(word)}: ${cause.message}`
    throw new StrakeError('INVALID', message, {
      cause,
      remedy: 'write \\[ for a literal bracket',
    })
  }
}

function inlineSelection(name: string, content: string): Selection {
  return { name, isDirectory: false, items: [{ relative: '', content: { inline: content } }] }
}

function select(
  tree: FileTree,
  name: string,
  node: FileNode,
  exclude: IgnoreMatcher | undefined,
): Selection {
  if (node.type !== 'directory') {
    return { name, isDirectory: false, items: [{ relative: '', content: node }] }
  }
  const items: CopyItem[] = []
  walk(tree, node, '', exclude, items)
  return { name, isDirectory: true, items: withLinks(items) }
}

/** The directories above the source, which `--parents` copies too. */
function selectWithParents(
  tree: FileTree,
  found: string,
  pivot: number,
  node: FileNode,
  exclude: IgnoreMatcher | undefined,
): Selection {
  const items: CopyItem[] = []
  const relative = found.slice(pivot)
  for (let at = relative.indexOf('/'); at !== -1; at = relative.indexOf('/', at + 1)) {
    const directory = resolveNode(tree, found.slice(0, pivot + at))
    if (directory !== undefined) items.push({ relative: relative.slice(0, at), content: directory })
  }
  if (relative !== '') items.push({ relative, content: node })
  if (node.type === 'directory') walk(tree, node, relative, exclude, items)
  return { name: '', isDirectory: true, items: withLinks(items) }
}

/** Finds hard links: several names of one file. */
function withLinks(items: readonly CopyItem[]): readonly CopyItem[] {
  const firsts = new Map<string, CopyItem>()
  return items.map((item) => {
    const { content } = item
    if ('inline' in content || content.type !== 'file' || content.links < 2) return item
    const identity = `${content.device} ${content.inodeHigh} ${content.inodeLow}`
    const first = firsts.get(identity)
    if (first !== undefined) return { ...item, sameAs: first }
    firsts.set(identity, item)
    return item
  })
}

function walk(
  tree: FileTree,
  directory: FileNode,
  relative: string,
  exclude: IgnoreMatcher | undefined,
  items: CopyItem[],
): void {
  for (const node of tree.list(directory)) {
    // Equal names share one string, because there may be many.
    const isAtTop = relative === directory.path
    const path = isAtTop ? node.path : relative === '' ? node.name : `${relative}/${node.name}`
    const isExcluded = exclude?.ignores(path) === true
    if (isExcluded && !(node.type === 'directory' && exclude.mayContain(path))) continue
    // A socket is not copied.
    if (node.type === 'socket') continue
    const before = items.length
    items.push({ relative: path, content: node })
    if (node.type !== 'directory') continue
    walk(tree, node, path, exclude, items)
    if (isExcluded && items.length === before + 1) items.pop()
  }
}

interface FoundSource {
  /** Relative to the root of the tree. */
  readonly found: string
  /** The start of the part that `--parents` keeps, after `/./`. */
  readonly pivot: number
  readonly byWildcard: boolean
}

function findSources(tree: FileTree, path: string, { parents }: CollectOptions): FoundSource[] {
  const at = parents ? path.indexOf('/./') : -1
  const head = at === -1 ? '' : cleanSource(path.slice(0, at))
  const rest = cleanSource(at === -1 ? path : path.slice(at + 3))
  const whole = joinNames(head, rest)
  if (!hasWildcard(whole)) {
    if (resolveNode(tree, whole) === undefined) throw missing(tree, whole)
    return [{ found: whole, pivot: pivotOf(head, rest), byWildcard: false }]
  }
  // Every pattern is checked, also after a name without matches.
  for (const name of whole.split('/')) matchPattern(name, '')
  return match(tree, '', head, parents).flatMap((start) =>
    match(tree, start, rest, parents).map((found) => ({
      found,
      pivot: pivotOf(start, rest),
      byWildcard: true,
    })),
  )
}

/** Removes the head and the slash after it. */
function pivotOf(head: string, rest: string): number {
  return head === '' || rest === '' ? head.length : head.length + 1
}

/** Returns the path relative to the root of the tree. `..` does not leave the root. */
function cleanSource(path: string): string {
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names.join('/')
}

/** Returns the nodes below a directory that match a pattern, name by name. */
function match(tree: FileTree, start: string, pattern: string, deep: boolean): string[] {
  if (pattern === '') return [start]
  // Two `**` in a row match the same as one.
  const names = (deep ? pattern.replace(/\*\*(?:\/\*\*)+/g, '**') : pattern).split('/')
  let found = [start]
  for (const name of names) {
    // Without removing duplicates, a few `**` in a deep tree would find too many paths.
    found = [...new Set(found.flatMap((directory) => matchIn(tree, directory, name, deep)))]
  }
  return found
}

/** True when a path has a wildcard. A backslash only escapes. */
function hasWildcard(path: string): boolean {
  return /[*?[]/.test(path.replace(/\\./g, ''))
}

function matchIn(tree: FileTree, directory: string, pattern: string, deep: boolean): string[] {
  const node = resolveNode(tree, directory)
  if (node?.type !== 'directory') return []
  const join = (name: string): string => joinNames(directory, name)
  if (deep && pattern === '**') return [directory, ...subdirectories(tree, node, directory)]
  if (!hasWildcard(pattern)) {
    const name = pattern.replace(/\\(.)/g, '$1')
    return tree.child(node, name) === undefined ? [] : [join(name)]
  }
  return tree.list(node).flatMap(({ name }) => (matchPattern(pattern, name) ? [join(name)] : []))
}

function joinNames(directory: string, name: string): string {
  return directory === '' || name === '' ? directory + name : `${directory}/${name}`
}

function subdirectories(tree: FileTree, directory: FileNode, path: string): string[] {
  return tree.list(directory).flatMap((node) => {
    if (node.type !== 'directory') return []
    const below = path === '' ? node.name : `${path}/${node.name}`
    return [below, ...subdirectories(tree, node, below)]
  })
}

function missing(tree: FileTree, path: string): StrakeError {
  const shown = path === '' ? '.' : printableName(path)
  if (tree.hides(path)) {
    return new StrakeError('NOT_FOUND', `Cannot copy ${shown}: .dockerignore excludes it`, {
      remedy: `add a line !${path} to .dockerignore`,
    })
  }
  const { reason, remedy } = explainMissing(tree, path.split('/'))
  return new StrakeError('NOT_FOUND', `Cannot copy ${shown}: ${reason}`, { remedy })
}

/** Finds the first name of the path that does not exist. */
function explainMissing(
  tree: FileTree,
  names: readonly string[],
): { reason: string; remedy: string } {
  const upTo = (count: number): string => names.slice(0, count).join('/')
  const index = names.findIndex((_, at) => resolveNode(tree, upTo(at + 1)) === undefined)
  const directory = resolveNode(tree, upTo(index))
  const name = names[index] ?? ''
  const subject = index === names.length - 1 ? 'it' : printableName(upTo(index + 1))
  if (directory?.type !== 'directory') {
    const reason = `${printableName(upTo(index))} is not a directory`
    return { reason, remedy: 'check the path' }
  }
  if (tree.child(directory, name)?.type === 'symlink') {
    const reason = `${subject} is a link that leads out of ${tree.name} or nowhere`
    return { reason, remedy: 'replace the link by its target' }
  }
  const known = tree.list(directory).map((node) => node.name)
  const close = suggest(name, known)
  const corrected = [...names.slice(0, index), close, ...names.slice(index + 1)].join('/')
  return {
    reason: `${subject} is not in ${tree.name}`,
    remedy:
      close === undefined
        ? 'check the path, which is relative to the root of the source'
        : `did you mean ${printableName(corrected)}`,
  }
}
