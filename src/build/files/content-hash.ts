import { createHash } from 'node:crypto'
import { encodeName } from '#tar'
import type { FileDigests } from './digests.ts'
import type { CopyItem, Selection } from './select-sources.ts'
import type { FileTree } from './tree.ts'

export interface ContentHash {
  /** Hex. */
  readonly hash: string
  /** Short hashes by path, or by directory for many files, from which a miss can be explained. */
  summarize(): Record<string, string>
}

/**
 * Hashes the selected files: names, types, modes, bytes, link targets and device
 * numbers, and owners and extended attributes if the tree has them. Times are not
 * part of the hash.
 */
export async function hashSelections(
  tree: FileTree,
  selections: readonly Selection[],
  digests: FileDigests,
  signal?: AbortSignal,
): Promise<ContentHash> {
  const hash = new TextHash()
  for (const { name, isDirectory, items } of selections) {
    hash.add(`${isDirectory ? 'directory' : 'file'} ${items.length} ${name}\0`)
    for (const { relative, content, sameAs } of items) {
      signal?.throwIfAborted()
      if (sameAs !== undefined) {
        hash.add(`${relative}\0${describeLink(sameAs)}\0`)
        continue
      }
      const digest = digestOf(content, digests)
      // An await for each of thousands of files is slow, so only files to be read have one.
      const known = typeof digest === 'object' ? await digest.compute() : digest
      hash.add(`${relative}\0${describe(tree, content, known)}\0`)
    }
  }
  return {
    hash: hash.finish(),
    summarize: () => summarizeSelections(tree, selections, digests),
  }
}

/** The short hashes of a `ContentHash`. Files without a known digest are left out. */
export function summarizeSelections(
  tree: FileTree,
  selections: readonly Selection[],
  digests: FileDigests,
): Record<string, string> {
  const count = selections.reduce((sum, { items }) => sum + items.length, 0)
  const summary = count > detailed ? new GroupedSummary() : new PlainSummary()
  for (const { name, items } of selections) {
    for (const { relative, content, sameAs } of items) {
      if (sameAs !== undefined) {
        summary.add(pathOf(name, relative, content), describeLink(sameAs))
        continue
      }
      const digest = digestOf(content, digests)
      if (typeof digest === 'object') continue
      summary.add(pathOf(name, relative, content), describe(tree, content, digest))
    }
  }
  return summary.finish()
}

/** Hashes many short texts in few calls. */
class TextHash {
  readonly #hash = createHash('sha256')
  #pending = ''

  add(text: string): void {
    this.#pending += text
    if (this.#pending.length > 65_536) this.#flush()
  }

  finish(): string {
    this.#flush()
    return this.#hash.digest('hex')
  }

  #flush(): void {
    this.#hash.update(encodeName(this.#pending))
    this.#pending = ''
  }
}

/** With more files than this, the summary has one hash for each directory. */
const detailed = 4000

/** The digest of a file, a function that reads it, or an empty text for other nodes. */
function digestOf(
  content: CopyItem['content'],
  digests: FileDigests,
): string | { readonly compute: () => Promise<string> } {
  if ('inline' in content || content.type !== 'file') return ''
  return digests.known(content) ?? { compute: () => digests.compute(content) }
}

function describe(tree: FileTree, content: CopyItem['content'], digest: string): string {
  if ('inline' in content) return `inline ${JSON.stringify(content.inline)}`
  const owner = tree.hasOwners ? ` ${content.uid}:${content.gid}` : ''
  const status = `${content.type} ${content.mode.toString(8)}${owner}`
  switch (content.type) {
    case 'file':
      return `${status} ${digest}${describeAttributes(tree.attributes(content))}`
    case 'symlink':
      return `symlink${owner} ${JSON.stringify(tree.readLink(content))}`
    case 'character':
    case 'block':
      return `${status} ${content.deviceMajor}:${content.deviceMinor}`
    default:
      return status
  }
}

/** The part of the hash for a hard link, whose layer differs from that of a copy. */
function describeLink({ relative }: CopyItem): string {
  return `link ${JSON.stringify(relative)}`
}

function describeAttributes(attributes: ReadonlyMap<string, Uint8Array>): string {
  if (attributes.size === 0) return ''
  const pairs = [...attributes].map(([name, value]) => [name, Buffer.from(value).toString('hex')])
  return ` ${JSON.stringify(pairs)}`
}

function pathOf(name: string, relative: string, content: CopyItem['content']): string {
  if ('path' in content) return content.path
  return relative === '' ? name : relative
}

interface Summary {
  add(path: string, description: string): void
  finish(): Record<string, string>
}

class PlainSummary implements Summary {
  readonly #files: Record<string, string> = {}

  add(path: string, description: string): void {
    this.#files[path] = description.length <= 40 ? description : shorten(description)
  }

  finish(): Record<string, string> {
    return this.#files
  }
}

/** One hash for every directory of the second level. */
class GroupedSummary implements Summary {
  readonly #groups = new Map<string, TextHash>()

  add(path: string, description: string): void {
    const second = path.indexOf('/', path.indexOf('/') + 1)
    const name = second === -1 ? path : path.slice(0, second)
    const group = this.#groups.get(name) ?? new TextHash()
    this.#groups.set(name, group)
    group.add(`${path}\0${description}\0`)
  }

  finish(): Record<string, string> {
    const groups = [...this.#groups]
    return Object.fromEntries(groups.map(([name, hash]) => [name, hash.finish().slice(0, 16)]))
  }
}

/** Shortens a text: `file 644 sha256:abcdef…` keeps its start, other long texts are hashed. */
function shorten(description: string): string {
  const match = /^(file [0-7]+(?: \d+:\d+)? sha256:[0-9a-f]{16})[0-9a-f]{48}$/.exec(description)
  return (
    match?.[1] ?? createHash('sha256').update(encodeName(description)).digest('hex').slice(0, 16)
  )
}
