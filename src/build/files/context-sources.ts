import type { Digest } from '#oci'
import { type DockerfileSource, withExcerpt } from '../model/error.ts'
import type { Vertex } from '../model/graph.ts'
import { inDependencyOrder } from '../model/graph.ts'
import { type Selection, selectSources } from './select-sources.ts'
import type { FileTree } from './tree.ts'

/** By vertex: what its COPY or ADD takes from the build context. */
export type ContextSources = ReadonlyMap<Digest, readonly Selection[]>

/**
 * Finds the files of every COPY and ADD from the context before anything runs:
 * a misspelt name must not come to light after a long RUN.
 */
export function collectContextSources(
  target: Vertex,
  context: FileTree,
  source: DockerfileSource,
): ContextSources {
  const found = new Map<Digest, readonly Selection[]>()
  for (const { digest, op, range } of inDependencyOrder(target)) {
    const isCopy = op.kind === 'copy' && op.from === 'context'
    if (!isCopy && op.kind !== 'add') continue
    const options = { exclude: op.exclude, parents: op.kind === 'copy' && op.parents }
    try {
      found.set(digest, selectSources(context, op.sources, options))
    } catch (error) {
      throw withExcerpt(error, range, source)
    }
  }
  return found
}
