import type { Vertex } from '../model/graph.ts'
import type { BaseImage } from '../plan/base-images.ts'
import type { Plan } from '../plan/plan.ts'

/**
 * Fetches the base images of results while the contexts are read. A result needs them, whatever is
 * in the cache. Disposing it ends what is not fetched, and waits for that.
 */
export class EarlyBases implements AsyncDisposable {
  readonly #ended = new AbortController()
  readonly #fetching: Promise<unknown>[] = []

  fetch(plans: readonly Pick<Plan, 'target' | 'images'>[]): void {
    for (const { target, images } of plans) {
      const fetching = baseOf(target, images)?.fetch?.(this.#ended.signal)
      // The step or the result that needs the layers gets the same failure.
      if (fetching !== undefined) this.#fetching.push(fetching.catch(() => {}))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new DOMException('The build ended', 'AbortError'))
    await Promise.all(this.#fetching)
  }
}

/** The image that a state is built on. It is the first input of every vertex above it. */
function baseOf(target: Vertex, images: Plan['images']): BaseImage | undefined {
  let vertex = target
  for (let [below] = vertex.inputs; below !== undefined; [below] = vertex.inputs) vertex = below
  return vertex.op.kind === 'image' ? images.get(vertex.op.manifest) : undefined
}
