import type { Digest } from '#oci'
import type { Vertex } from '../model/graph.ts'
import { type FileState, type StateLayer, stateOf } from '../model/state.ts'
import { createKey, type KeyParts } from '../step/key.ts'
import type { SolvedStep } from './solve-plans.ts'

/**
 * Describes steps as if they had made the layers of `replaced`, by diff ID of the original. The
 * keys of later steps contain the layers below them, so they change too. Keys without known parts
 * are left out.
 */
export function rekeySteps(
  vertices: readonly Vertex[],
  steps: readonly SolvedStep[],
  {
    states,
    replaced,
  }: {
    /** The states that the steps really made, by vertex. */
    readonly states: ReadonlyMap<Digest, FileState>
    readonly replaced: ReadonlyMap<Digest, StateLayer>
  },
): readonly SolvedStep[] {
  const chains = new Map<string, string>()
  for (const { digest } of vertices) {
    const before = states.get(digest)
    if (before === undefined || before.chainId === null) continue
    const after = stateOf(before.layers.map((layer) => replaced.get(layer.diffId) ?? layer))
    if (after.chainId !== null) chains.set(before.chainId, after.chainId)
  }
  return steps.map((step) => {
    const known = step.known.map(({ parts }) => createKey(withChains(parts, chains)))
    const layer = step.layer && (replaced.get(step.layer.diffId) ?? step.layer)
    return { ...step, layer, known, keys: known.map(({ hash }) => hash) }
  })
}

/** The parts of keys that name chains: the state below, that of COPY --from, and those of mounts. */
function withChains(parts: KeyParts, chains: ReadonlyMap<string, string>): KeyParts {
  const names = ['parent', 'source', 'mounted']
  const changed = names.flatMap((name) => {
    const text = parts[name]
    if (text === undefined) return []
    const words = text.split(' ').map((word) => chains.get(word) ?? word)
    return [[name, words.join(' ')] as const]
  })
  return { ...parts, ...Object.fromEntries(changed) }
}
