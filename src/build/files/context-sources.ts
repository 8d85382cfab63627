import type { Digest } from '#oci'
import { type DockerfileSource, withExcerpt } from '../model/error.ts'
import { inDependencyOrder, mainContext, type Op, type Vertex } from '../model/graph.ts'
import { type BuildContexts, contextNamed } from './build-context.ts'
import { type Selection, selectSources } from './select-sources.ts'

/** The sources of every COPY and ADD from a build context, by vertex. */
export type ContextSources = ReadonlyMap<Digest, readonly Selection[]>

/**
 * Finds the files of every COPY and ADD from a build context before the first step,
 * so that a misspelt name is an error before a long RUN.
 */
export function collectContextSources(
  targets: readonly Vertex[],
  contexts: BuildContexts,
  source: DockerfileSource,
): ContextSources {
  const found = new Map<Digest, readonly Selection[]>()
  for (const { digest, op, range } of inDependencyOrder(...targets)) {
    const name = contextOf(op)
    if (name === undefined || (op.kind !== 'copy' && op.kind !== 'add')) continue
    const { tree } = contextNamed(contexts, name)
    const options = { exclude: op.exclude, parents: op.kind === 'copy' && op.parents }
    try {
      found.set(digest, selectSources(tree, op.sources, options))
    } catch (error) {
      throw withExcerpt(error, range, source)
    }
  }
  return found
}

/** The build context that an operation takes files from. */
function contextOf(op: Op): string | undefined {
  if (op.kind === 'add') return mainContext
  return op.kind === 'copy' && 'context' in op.from ? op.from.context : undefined
}
