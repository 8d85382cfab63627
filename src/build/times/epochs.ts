import type { ContextSources } from '../files/context-sources.ts'
import type { Selection } from '../files/select-sources.ts'
import type { Vertex } from '../model/graph.ts'
import { inDependencyOrder } from '../model/graph.ts'
import type { BaseImage } from '../plan/base-images.ts'
import type { Plan } from '../plan/plan.ts'

/**
 * Returns for every vertex the time of the newest context file that the vertex or a
 * vertex below it uses, in seconds. For images it is their creation time. A file of
 * one layer does not change the times of another layer.
 */
export function newestEpochs(
  plans: readonly Pick<Plan, 'target' | 'images'>[],
  sources: ContextSources,
): Map<Vertex['digest'], number> {
  const epochs = new Map<Vertex['digest'], number>()
  for (const { target, images } of plans) {
    for (const { digest, op, inputs } of inDependencyOrder(target)) {
      const below = inputs.map((input) => epochs.get(input.digest) ?? 0)
      const image = op.kind === 'image' ? creation(images.get(op.manifest)) : 0
      epochs.set(digest, Math.max(image, newestFile(sources.get(digest) ?? []), ...below))
    }
  }
  return epochs
}

function creation(image: BaseImage | undefined): number {
  const created = Date.parse(image?.config.created ?? '')
  return Number.isNaN(created) ? 0 : Math.max(0, Math.floor(created / 1000))
}

function newestFile(selections: readonly Selection[]): number {
  let newest = 0
  for (const { items } of selections) {
    for (const { content } of items) {
      // The time of a directory changes when an ignored file is made or removed.
      if (!('mtime' in content) || content.type === 'directory') continue
      if (content.mtime > newest) newest = content.mtime
    }
  }
  return newest
}
