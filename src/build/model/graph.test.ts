import { expect, test } from 'bun:test'
import { createVertex, inDependencyOrder } from './graph.ts'

test('inDependencyOrder() orders chains that are too deep for recursion', () => {
  const next = createVertex({ kind: 'workdir', path: '/next', user: '' }, [], { name: 'next' })
  let target = next
  for (let index = 0; index < 50_000; index++) {
    target = { ...next, digest: `sha256:${index}`, inputs: [target] }
  }
  expect(inDependencyOrder(target)).toHaveLength(50_001)
})
