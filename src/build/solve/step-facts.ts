import type { StepFacts } from '../cache/model.ts'
import type { SolvedStep } from './solve-plans.ts'

/** Describes the result of a step for a cache that other machines read. */
export function stepFacts({ keys, layer, platforms }: SolvedStep): StepFacts {
  const contentKey = keys.length > 1 ? keys.at(-1) : undefined
  if (layer === null) return { layer: null, contentKey, platforms }
  const { diffId, descriptor, epoch, isAdditive } = layer
  return { layer: { diffId, size: descriptor.size, epoch, isAdditive }, contentKey, platforms }
}
