import { type IgnoreMatcher, matchPattern, PatternError, parseIgnore, suggest } from '#dockerfile'
import { StrakeError } from '#oci'
import { printableName } from '#tar'
import type { SourceSpec } from '../model/graph.ts'
import type { FileNode } from './node.ts'
import { resolveNode } from './resolve.ts'
import type { FileTree } from './tree.ts'

/** One thing a source brings along. */
export interface CopyItem {
  /** Where, relative to what the source becomes; `''` for a source that is a file itself. */
  readonly relative: string
  readonly content: FileNode | { readonly inline: string }
  /** The first item of the same directory source that is a name of the same file. */
  readonly sameAs?: CopyItem | undefined
}

/** A source that was found: a file, or the contents of a directory. */
export interface Selection {
  /** The last name of the path as written, which a file keeps inside a directory. */
  readonly name: string
  readonly isDirectory: boolean
  readonly items: readonly CopyItem[]
}

export interface CollectOptions {
  readonly exclude: readonly string[]
  /** Keep the sources' own directories below the destination. */
  readonly parents: boolean
}

/**
 * Finds what the sources of a COPY or ADD name and walks the directories among
 * them: links at the top are followed inside the tree, those below are copied as
 * links. A wildcard may match nothing; a plain path that is missing throws
 * `NOT_FOUND` and says what may have been meant .
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
      ({ found, pivot }) => {
        const name = found.split('/').at(-1) ?? ''
        if (exclude?.ignores(options.parents ? found.slice(pivot) : name) === true) return []
        const node = resolveNode(tree, found)
        if (node === undefined) throw missing(tree, found)
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

/** Says which word a bad pattern is in. */
function refusing<T>(word: string, use: () => T): T {
  try {
    return use()
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause
    const message = `Cannot copy ${printableName(word)}: ${cause.message}`
    throw new StrakeError('INVALID', message, {
      cause,
      remedy: 'write \\[ for a bracket that is meant',
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

/** As if the directories above the source were copied too, with nothing else in them. */
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

/** Tells names of one file from files that are only equal. */
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
    // One text for both names where they are the same: there may be many.
    const isAtTop = relative === directory.path
    const path = isAtTop ? node.path : relative === '' ? node.name : `${relative}/${node.name}`
    const isExcluded = exclude?.ignores(path) === true
    if (isExcluded && !(node.type === 'directory' && exclude.mayContain(path))) continue
    // A socket is a meeting point of two running programs: nothing to copy.
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
  /** Where the part begins that `--parents` keeps: behind what stands before `/./`. */
  readonly pivot: number
}

function findSources(tree: FileTree, path: string, { parents }: CollectOptions): FoundSource[] {
  const at = parents ? path.indexOf('/./') : -1
  const head = at === -1 ? '' : cleanSource(path.slice(0, at))
  const rest = cleanSource(at === -1 ? path : path.slice(at + 3))
  const whole = joinNames(head, rest)
  if (!hasWildcard(whole)) {
    if (resolveNode(tree, whole) === undefined) throw missing(tree, whole)
    return [{ found: whole, pivot: pivotOf(head, rest) }]
  }
  // Also those that nothing is compared with, because a name before them matches nothing.
  for (const name of whole.split('/')) matchPattern(name, '')
  return match(tree, '', head, parents).flatMap((start) =>
    match(tree, start, rest, parents).map((found) => ({ found, pivot: pivotOf(start, rest) })),
  )
}

/** The slash behind the head is not kept either. */
function pivotOf(head: string, rest: string): number {
  return head === '' || rest === '' ? head.length : head.length + 1
}

/** Relative to the root of the tree, which `..` does not leave. */
function cleanSource(path: string): string {
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names.join('/')
}

/** What a pattern matches, name by name, below a directory. */
function match(tree: FileTree, start: string, pattern: string, deep: boolean): string[] {
  if (pattern === '') return [start]
  // To cross directories twice is to cross them once.
  const names = (deep ? pattern.replace(/\*\*(?:\/\*\*)+/g, '**') : pattern).split('/')
  let found = [start]
  for (const name of names) {
    // Without duplicates, or a few `**` in a deep tree would find more paths than fit anywhere.
    found = [...new Set(found.flatMap((directory) => matchIn(tree, directory, name, deep)))]
  }
  return found
}

/** True when matching nothing is no mistake: a backslash alone only escapes. */
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
    return new StrakeError('NOT_FOUND', `Cannot copy ${shown}: .dockerignore leaves it out`, {
      remedy: `add a line !${path} to .dockerignore`,
    })
  }
  const { reason, remedy } = explainMissing(tree, path.split('/'))
  return new StrakeError('NOT_FOUND', `Cannot copy ${shown}: ${reason}`, { remedy })
}

/** Looks for the first name of the path that leads nowhere. */
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
    return { reason, remedy: 'put what it leads to in its place' }
  }
  const known = tree.list(directory).map((node) => node.name)
  const close = suggest(name, known)
  const corrected = [...names.slice(0, index), close, ...names.slice(index + 1)].join('/')
  return {
    reason: `${subject} is not in ${tree.name}`,
    remedy:
      close === undefined
        ? 'check the path, which is relative to the root of what is copied from'
        : `did you mean ${printableName(corrected)}`,
  }
}
