import { cleanPath } from '#dockerfile'
import type { Digest } from '#oci'
import { createBreath } from '#stream'
import { type DockerfileSource, withExcerpt } from '../model/error.ts'
import {
  inDependencyOrder,
  mainContext,
  type Op,
  type SourceSpec,
  type Vertex,
} from '../model/graph.ts'
import { type BuildContexts, contextNamed } from './build-context.ts'
import type { FileNode } from './node.ts'
import { type Selection, selectSources } from './select-sources.ts'
import type { FileTree } from './tree.ts'

/** The sources of every COPY and ADD from a build context, by vertex. */
export type ContextSources = ReadonlyMap<Digest, readonly Selection[]>

/**
 * Finds the files of every COPY and ADD from a build context before the first step,
 * so that a misspelt name is an error before a long RUN.
 */
export async function collectContextSources(
  targets: readonly Vertex[],
  contexts: BuildContexts,
  {
    source,
    signal,
  }: { readonly source: DockerfileSource; readonly signal?: AbortSignal | undefined },
): Promise<ContextSources> {
  const found = new Map<Digest, readonly Selection[]>()
  for (const { digest, op, range } of inDependencyOrder(...targets)) {
    const name = contextOf(op)
    if (name === undefined || (op.kind !== 'copy' && op.kind !== 'add')) continue
    const { tree } = contextNamed(contexts, name)
    const options = { exclude: op.exclude, parents: op.kind === 'copy' && op.parents }
    if (op.sources.some(isWhole)) await listAhead(tree, tree.top, signal)
    try {
      found.set(digest, selectSources(tree, op.sources, options))
    } catch (error) {
      throw withExcerpt(error, range, source)
    }
  }
  return found
}

/** Copying the whole context is what takes long. */
function isWhole(source: SourceSpec): boolean {
  return source.kind === 'path' && cleanPath(`/${source.path}`) === '/'
}

/** The build context that an operation takes files from. */
function contextOf(op: Op): string | undefined {
  if (op.kind === 'add') return mainContext
  return op.kind === 'copy' && 'context' in op.from ? op.from.context : undefined
}

/**
 * Lists a directory and those below it, and lets other work of the process run in between. The tree
 * remembers what was listed, so that a later walk without breaks is short.
 */
async function listAhead(
  tree: FileTree,
  top: FileNode,
  signal?: AbortSignal | undefined,
): Promise<void> {
  const breathe = createBreath(signal)
  const waiting = [top]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const node of tree.list(next)) if (node.type === 'directory') waiting.push(node)
    const pause = breathe()
    if (pause !== undefined) await pause
  }
}
