import { expect, test } from 'bun:test'
import { chainIds, mediaType, sha256 } from '#oci'
import { createVertex, type Vertex } from '../model/graph.ts'
import { type StateLayer, stateOf } from '../model/state.ts'
import { createKey } from '../step/key.ts'
import { rekeySteps } from './rekey.ts'

const layer = (text: string): StateLayer => {
  const diffId = sha256(text)
  return { diffId, descriptor: { mediaType: mediaType.ociLayer, digest: diffId, size: 1 } }
}
const vertex = (name: string, ...inputs: Vertex[]): Vertex =>
  createVertex({ kind: 'workdir', path: `/${name}`, user: '' }, inputs, { name })

test('rekeySteps() replaces layers, and the chains of later keys', () => {
  const [base, old, other, top] = ['base', 'old', 'other', 'top'].map(layer)
  if (!base || !old || !other || !top) throw new Error('there are four layers')
  const now = layer('new')
  const one = vertex('one')
  const two = vertex('two', one)
  const three = vertex('three', one)
  const states = new Map([
    [one.digest, stateOf([base, old])],
    [two.digest, stateOf([base, old, other])],
    [three.digest, stateOf([base, old, top])],
  ])
  const chain = (...layers: StateLayer[]): string =>
    chainIds(layers.map(({ diffId }) => diffId)).at(-1) ?? ''
  const step = (result: StateLayer, parts: Record<string, string>) => {
    const key = createKey(parts)
    return { keys: [key.hash, 'unknown'], known: [key], layer: result, platforms: [] }
  }
  const steps = [
    step(old, { operation: 'one', parent: chain(base) }),
    step(other, { operation: 'two', parent: chain(base, old), mounted: `x ${chain(base, old)}` }),
    step(top, { operation: 'three', parent: 'link', source: chain(base, old, other) }),
  ]
  const replaced = new Map([[old.diffId, now]])
  const found = rekeySteps([one, two, three], steps, { states, replaced })
  expect(found.map((each) => each.layer)).toEqual([now, other, top])
  expect(found.map((each) => each.keys)).toEqual(
    [
      { operation: 'one', parent: chain(base) },
      { operation: 'two', parent: chain(base, now), mounted: `x ${chain(base, now)}` },
      { operation: 'three', parent: 'link', source: chain(base, now, other) },
    ].map((parts) => [createKey(parts).hash]),
  )
})
